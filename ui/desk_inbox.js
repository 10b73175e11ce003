// The desk's live page: keeps lists and conversation up to date, and does what the agent does.
import { chime, hearsKeys, isNotifying, post, showWaiting, swap } from '/desk/files/desk.js';

const TYPING_SECONDS = 3;
const talk = document.querySelector('.talk[data-conversation]');
const id = talk?.dataset.conversation ?? '';
const here = `/desk/inbox/${id}`;
const box = document.querySelector('#box');
const composer = document.querySelector('#composer');
const refused = document.querySelector('#refused');
let shown = null;
let suggestion = null;
let typedAt = 0;
let lastSaid = '';

// What the server says has changed is fetched anew.

const events = new EventSource(`/desk/events?conversation=${encodeURIComponent(id)}`);
events.addEventListener('state', async (event) => {
  document.querySelector('#lost').hidden = true;
  const state = JSON.parse(event.data);
  const before = shown;
  shown = state;
  showWaiting(state.waiting);
  if (id) document.querySelector('#customer-types').hidden = !state.typing;
  if (before && before.lists !== state.lists) await refresh(`/desk/inbox/lists?current=${id}`);
  if (before && id && before.conversation !== state.conversation) await refreshTalk();
});
events.addEventListener('logged_out', () => location.reload());
events.addEventListener('error', () => {
  document.querySelector('#lost').hidden = false;
});

async function refresh(path, signal) {
  const focused = document.activeElement?.closest('.line')?.dataset.id;
  const response = await fetch(path, { headers: { accept: 'text/html' }, signal });
  if (response.redirected || response.status === 401) location.reload();
  if (!response.ok || response.status === 204) return false;
  swap(await response.text());
  if (focused) document.querySelector(`.line[data-id="${focused}"]`)?.focus();
  tick();
  return true;
}

async function refreshTalk() {
  const list = turns();
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const onHead = !!document.activeElement?.closest('.talk-head');
  await refresh(`${here}/parts`);
  if (atEnd) toEnd();
  settle();
  // The button that was pressed has gone: who has the conversation now is said in its place.
  if (onHead && document.activeElement === document.body) document.querySelector('.owner').focus();
}

const turns = () => document.querySelector('.turns');
const isMine = () => document.querySelector('[data-part="talk"]').dataset.mine === 'yes';

function toEnd() {
  const list = turns();
  list.scrollTop = list.scrollHeight;
  if (list.scrollHeight === list.clientHeight) list.lastElementChild?.scrollIntoView({ block: 'nearest' });
}

// The box is there for who has the conversation; replies are suggested to each new message that
// waits for a person: a generator is not run for who only looks.
function settle() {
  const wasHidden = composer.hidden;
  composer.hidden = !isMine();
  if (wasHidden && !composer.hidden) box.focus();
  if (document.querySelector('[data-part="talk"]').dataset.suggest !== 'yes') return;
  const said = [...document.querySelectorAll('.turn.customer')].at(-1)?.textContent ?? '';
  if (said === lastSaid) return;
  lastSaid = said;
  suggest();
}

// Replies to an earlier message are not waited for any more: the server stops writing them.
let suggesting = null;
async function suggest() {
  suggesting?.abort();
  suggesting = new AbortController();
  const { signal } = suggesting;
  try {
    const answered = await refresh(`${here}/suggestions`, signal);
    if (!answered) lastSaid = ''; // given up, as the conversation changed hands
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// Time waited, in the agent's language; long waits stand out.
const LONG_SECONDS = 120;
const UNITS = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];
function tick() {
  for (const time of document.querySelectorAll('[data-since]')) {
    const seconds = Math.max(0, (Date.now() - Date.parse(time.dataset.since)) / 1000);
    const [size, unit] = UNITS.find(([least]) => seconds >= 2 * least) ?? [1, 'second'];
    const value = seconds / size;
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 });
    time.textContent = format.format(Math.floor(value));
    time.classList.toggle('long', seconds > LONG_SECONDS && !!time.closest('[aria-labelledby="g-waiting"]'));
  }
}
setInterval(tick, 1000);
tick();

// What the agent does.

async function act(move, fields) {
  refused.hidden = true;
  try {
    await post(`${here}/${move}`, fields);
    return true;
  } catch (error) {
    const sentence = error instanceof TypeError ? refused.dataset.failed : error.message;
    composer.hidden = false;
    refused.textContent = sentence;
    refused.hidden = false;
    return false;
  } finally {
    await refreshTalk().catch(() => {});
  }
}

// A second Enter, or a double click, comes while the first message is still on its way.
async function send() {
  if (box.readOnly) return;
  const text = box.value;
  box.readOnly = true;
  if (await act('say', { text, suggestion })) {
    box.value = '';
    suggestion = null;
  }
  box.readOnly = false;
  box.focus();
  toEnd();
}

function use(button) {
  if (!isMine()) return;
  box.value = button.dataset.text;
  suggestion = Number(button.dataset.suggestion);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  toEnd(); // the box has grown
  typing();
}

function typing() {
  if (!box.value) suggestion = null;
  if (!box.value || Date.now() - typedAt < TYPING_SECONDS * 1000) return;
  typedAt = Date.now();
  post(`${here}/typing`).catch(() => {});
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  // The second click of a double click may hit what has come up in the button's place.
  if (button?.dataset.move && event.detail < 2) act(button.dataset.move);
  if (button?.dataset.suggestion) use(button);
});

if (talk) {
  composer.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener('input', typing);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') box.blur();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) send();
  });
  toEnd();
  settle();
}

// Keys, outside of the box.

const lines = () => [...document.querySelectorAll('.line')];
const press = (selector) => document.querySelector(selector)?.click();

function step(by) {
  const all = lines();
  const on = all.findIndex((line) => line.contains(document.activeElement));
  const at = on >= 0 ? on : all.findIndex((line) => line.ariaCurrent);
  all[Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => press('[aria-labelledby="g-waiting"] .line'),
  t: () => press('[data-move="take"]'),
  r: () => composer?.hidden === false && box.focus(),
  b: () => press('[data-move="hand-back"]'),
  x: () => press('[data-move="close"]'),
  '?': () => document.querySelector('#keys').showModal(),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !hearsKeys()) return;
  if (event.target.closest('input, textarea, select, dialog')) return;
  if (event.repeat && !/^[jk]$/i.test(event.key)) return; // a held key walks, and does nothing else
  if (/^[1-5]$/.test(event.key)) {
    event.preventDefault();
    press(`[data-part="suggestions"] li:nth-child(${event.key}) .suggestion`);
  }
  const key = KEYS[event.key.toLowerCase()];
  if (!key) return;
  event.preventDefault();
  key();
});

document.querySelector('#help').addEventListener('click', KEYS['?']);

// Notifications: asked for by the agent, on this browser.

const bell = document.querySelector('#notify');
function showBell() {
  bell.ariaPressed = String(isNotifying());
  bell.textContent = isNotifying() ? bell.dataset.on : bell.dataset.off;
}
bell.addEventListener('click', async () => {
  localStorage.setItem('frontdesk-notify', isNotifying() ? 'off' : 'on');
  showBell();
  if (!isNotifying()) return;
  chime();
  if ('Notification' in window) await Notification.requestPermission();
});
showBell();
