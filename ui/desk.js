// What every page of the desk needs: requests that bring the session's token, questions before
// something is removed, and word of customers who wait.

const formToken = document.body.dataset.formToken;
const POLL_SECONDS = 10;

// Sends `fields` as JSON; rejects with the server's sentence.
export async function post(path, fields = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'x-form-token': formToken },
    body: JSON.stringify(fields),
  });
  if (response.status === 401) location.reload();
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

// Puts the pieces of a page that the server sends in place of those that are shown.
export function swap(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  for (const part of fresh.querySelectorAll('[data-part]')) {
    const old = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old?.querySelector('[role="log"]')) renew(old, part);
    else old?.replaceWith(part);
  }
}

// A conversation keeps its place, its focus and its open sources, and a screen reader says only
// what is new in it: its log stays, and what did not change in the log.
function renew(old, part) {
  Object.assign(old.dataset, part.dataset);
  old.querySelector('header').replaceWith(part.querySelector('header'));
  const log = old.querySelector('[role="log"]');
  const turns = [...part.querySelector('[role="log"]').children];
  turns.forEach((turn, i) => {
    if (!log.children[i]) log.append(turn);
    else if (!closed(log.children[i]).isEqualNode(turn)) log.children[i].replaceWith(turn);
  });
  while (log.children.length > turns.length) log.lastElementChild.remove();
}

function closed(turn) {
  const copy = turn.cloneNode(true);
  copy.querySelectorAll('details').forEach((one) => { one.open = false; });
  return copy;
}

// Keys of one letter can be switched off, in this browser: speech input types letters (WCAG 2.1.4).
export function hearsKeys() {
  return localStorage.getItem('frontdesk-keys') !== 'off';
}

for (const box of document.querySelectorAll('[data-keys]')) {
  box.checked = hearsKeys();
  box.addEventListener('change', () => localStorage.setItem('frontdesk-keys', box.checked ? 'on' : 'off'));
}

// Who waits: a number beside the inbox and in the title; a sound and a notification for each new one.
let known = null;
const title = document.title;

export function showWaiting(ids) {
  const count = document.querySelector('#waiting-count');
  count.textContent = ids.length;
  count.hidden = !ids.length;
  document.title = ids.length ? `(${ids.length}) ${title}` : title;
  const fresh = known ? ids.filter((id) => !known.includes(id)) : [];
  known = ids;
  if (fresh.length && isNotifying()) notify(fresh[0]);
}

export function isNotifying() {
  return localStorage.getItem('frontdesk-notify') === 'on';
}

function notify(id) {
  chime();
  if (!('Notification' in window) || Notification.permission !== 'granted' || !document.hidden) return;
  const said = new Notification(document.body.dataset.someoneWaits, { tag: 'frontdesk' });
  said.onclick = () => {
    window.focus();
    location.href = `/desk/inbox/${id}`;
  };
}

// Two soft tones. A browser that wants a click first stays silent.
export function chime() {
  const audio = new AudioContext();
  [660, 880].forEach((hertz, i) => {
    const tone = new OscillatorNode(audio, { frequency: hertz });
    const volume = new GainNode(audio, { gain: 0 });
    const start = audio.currentTime + i * 0.16;
    volume.gain.setValueAtTime(0.12, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  });
  setTimeout(() => audio.close(), 1000);
}

async function poll() {
  try {
    const response = await fetch('/desk/waiting', { headers: { accept: 'application/json' } });
    if (response.ok) showWaiting((await response.json()).waiting);
  } catch {
    // The server is away for a moment: the next look will tell.
  }
}

// The inbox is told at once, by its own events.
if (!document.querySelector('main.inbox')) {
  poll();
  setInterval(poll, POLL_SECONDS * 1000);
}

// A form that is on its way is not sent again: a double click would write two drafts.
let sent = null;
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  const question = event.submitter?.dataset.confirm;
  if (form === sent || (question && !window.confirm(question))) event.preventDefault();
  else sent = form;
});
window.addEventListener('pageshow', () => { sent = null; });
