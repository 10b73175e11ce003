// Runs once in Gradio's gr.HTML: `element`, `props`, `trigger` and `watch` are Gradio's.
// Shows props.value.turns one by one, so that what did not change keeps its focus and stays open.
const EVENTS = ['option_select', 'person', 'return_to_bot', 'contact', 'survey'];
const list = element.querySelector('.turns');
let shown = [];
let forgotten = 0;
let conversation = '';
let abandoned = '';
const framed = window.parent !== window; // on a company's own page, by widget.js
let asked = false; // for a person: the button that was pressed goes out, and loses the focus

function parse(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild;
}

// What the customer has opened, typed and pressed in the old one goes on in the new one.
function replaceTurn(old, fresh, sameLanguage) {
  const sources = fresh.querySelectorAll('details');
  old.querySelectorAll('details').forEach((one, i) => {
    if (one.open && sources[i]) sources[i].open = true;
  });
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.querySelectorAll('input[name]').forEach((one) => {
    const other = fresh.querySelector(`input[name="${one.name}"]`);
    if (other && one.value) other.value = one.value;
  });
  if (sameLanguage) keep(old.querySelector('.feedback'), fresh.querySelector('.feedback'));
  // An address that was refused stays refused when only the place in line is another.
  if (sameLanguage) keep(old.querySelector('.contact'), fresh.querySelector('.contact:not(:has(.problem))'));
  old.replaceWith(fresh);
  if (!focused) return;
  const same = focused.name && fresh.querySelector(`[name="${focused.name}"]`);
  focus(document.contains(focused) ? focused : same || fresh);
}

function keep(old, fresh) {
  if (old && fresh) fresh.replaceWith(old);
}

// Who pressed what has gone must not fall back to the top of the page.
function focus(target) {
  if (target.matches('.turn, .survey, .welcome')) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

// A screen reader says what is new: not a whole conversation that is there again after a reload,
// nor all of it once more in the other language.
function show() {
  const value = props.value || {};
  if (value.writing && value.conversation === abandoned) return;
  conversation = value.conversation || '';
  const turns = value.turns || [];
  const root = document.documentElement;
  const atEnd = root.scrollHeight - window.scrollY - window.innerHeight < 120;
  const isNew = turns.length !== shown.length;
  const sameLanguage = root.lang === value.language;
  list.setAttribute('aria-live', document.body.matches('.ready') && sameLanguage ? 'polite' : 'off');
  turns.forEach((html, i) => {
    if (html === shown[i]) return;
    if (list.children[i]) replaceTurn(list.children[i], parse(html), sameLanguage);
    else list.append(parse(html));
  });
  const had = list.contains(document.activeElement);
  while (list.children.length > turns.length) list.lastElementChild.remove();
  const panel = list.querySelector('.waiting');
  if (had && !list.contains(document.activeElement)) focus(list.lastElementChild);
  if (asked && panel) focus(panel);
  if (panel || value.writing) asked = false;
  shown = turns;
  if (value.language) root.lang = value.language;
  if (value.title) document.title = value.title;
  if (value.label) list.setAttribute('aria-label', value.label);
  if (turns.length) makeReady();
  document.body.classList.toggle('writing', !!value.writing);
  forget(value.accepted || '', value.question || 0);
  if (isNew || atEnd) scrollToEnd();
  follow();
  catchUp();
}

// To the page around the frame, whoever's that is: hence never what is said.
function tell(what) {
  if (framed) window.parent.postMessage({ frontdesk: what }, '*');
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.isComposing) tell('close'); // not what an input method is closed with
});

// A finger would not want the keyboard to come up by itself.
function makeReady() {
  if (document.body.classList.contains('ready')) return;
  document.body.classList.add('ready');
  tell('ready');
  takeUpDraft();
  if (window.matchMedia('(pointer: fine)').matches) document.querySelector('#box textarea')?.focus({ preventScroll: true });
}

// To the end, but never past the question that a long answer belongs to.
function scrollToEnd() {
  const last = [...list.children].findLast((one) => !one.matches('.survey'));
  const before = last && last.previousElementSibling;
  const top = last && last.matches('.bot') && before && before.matches('.customer') ? before : last;
  if (!top || top.matches('.welcome')) return;
  const bar = document.querySelector('#bar').offsetHeight;
  const most = top.getBoundingClientRect().top + window.scrollY - bar - 16;
  window.scrollTo(0, Math.min(document.documentElement.scrollHeight - window.innerHeight, most));
}

// The message is stored: takes it out of the box, and leaves what was typed since.
function forget(message, question) {
  if (!question || question === forgotten) return;
  forgotten = question;
  const box = document.querySelector('#box textarea');
  if (message && box.value.startsWith(message)) write(box, box.value.slice(message.length));
}

function write(box, text) {
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

// What is in the box outlives a reload: Gradio reloads the page once a lost server is back.
const DRAFT = 'frontdesk-draft';
window.addEventListener('pagehide', () => {
  sessionStorage.setItem(DRAFT, document.querySelector('#box textarea')?.value ?? '');
});

function takeUpDraft() {
  const draft = sessionStorage.getItem(DRAFT);
  sessionStorage.removeItem(DRAFT);
  if (draft) write(document.querySelector('#box textarea'), draft);
}

// Gradio says that the connection is lost in English only, and over the buttons (page.css hides it).
new MutationObserver(() => {
  if (!document.querySelector('.toast-wrap .error') || document.querySelector('#lost')) return;
  const said = Object.assign(document.createElement('p'), { id: 'lost', role: 'alert' });
  said.textContent = (props.value || {}).lost;
  document.querySelector('#notice').append(said);
}).observe(document.body, { childList: true, subtree: true });

// What others do in this conversation: an agent joins, writes, hands back. The server tells of it.
let events = null;
let followed = '';
let now = null;
let askedFor = '';

function follow() {
  const idle = document.hidden && !(now && ['waiting', 'agent'].includes(now.owner));
  const wanted = idle ? '' : conversation;
  if (wanted === followed) return;
  events?.close();
  followed = wanted;
  now = null;
  askedFor = '';
  if (!wanted) return;
  events = new EventSource(`api/conversations/${encodeURIComponent(wanted)}/events`);
  events.addEventListener('state', (event) => {
    const before = now;
    now = JSON.parse(event.data);
    if (before && now.turn !== before.turn) tell('news'); // here, as what is not seen is not drawn
    list.classList.toggle('agent-types', now.typing);
    catchUp();
  });
}

// Asks for the conversation once for each state that is not shown yet.
function catchUp() {
  const value = props.value || {};
  if (!now || value.writing || value.conversation !== followed) return;
  const staffed = now.owner === 'waiting' && now.staffed ? 1 : 0;
  const key = [now.owner, now.agent, now.place, staffed, now.turn].join(':');
  if (key === value.state || key === askedFor) return;
  askedFor = key;
  trigger('refresh', {});
}

document.addEventListener('visibilitychange', follow);

function send(source, more) {
  if (EVENTS.includes(source.dataset.event)) trigger(source.dataset.event, { ...source.dataset, ...more });
}

element.addEventListener('click', (event) => {
  const source = event.target.closest('summary')?.parentElement;
  if (source && !source.open) requestAnimationFrame(() => source.scrollIntoView({ block: 'nearest' }));
  const button = event.target.closest('button[data-event], .thumb');
  if (!button) return;
  if (button.matches('.thumb')) return rate(button);
  send(button);
  const byKeyboard = event.detail === 0;
  if (button.dataset.event === 'option_select' && byKeyboard) document.querySelector('#box textarea').focus();
});

// One after the other, as a comment must not be overtaken by the thumb before it. Without a comment,
// the one that is stored stays.
let stored = Promise.resolve();

function store(feedback, rating, comment) {
  const { turn } = feedback.querySelector('.comment').dataset;
  const address = `api/conversations/${encodeURIComponent(conversation)}/turns/${turn}/feedback`;
  const options = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rating, comment }) };
  stored = stored.then(() => fetch(address, options)).then((answer) => answer.ok, () => false);
  return stored.then((ok) => {
    feedback.querySelector('.problem').hidden = ok;
    return ok;
  });
}

function press(feedback, thumb) {
  feedback.querySelectorAll('.thumb').forEach((one) => one.setAttribute('aria-pressed', one === thumb));
}

async function rate(thumb) {
  const feedback = thumb.closest('.feedback');
  const form = feedback.querySelector('.comment');
  const before = feedback.querySelector('[aria-pressed="true"]');
  press(feedback, thumb);
  form.dataset.rating = thumb.dataset.rating;
  form.hidden = false;
  feedback.querySelector('.thanks').hidden = true;
  form.scrollIntoView({ block: 'nearest' });
  if (!(await store(feedback, thumb.dataset.rating))) press(feedback, before);
}

async function comment(form) {
  const feedback = form.closest('.feedback');
  const text = form.elements.comment.value;
  const { rating } = form.dataset; // of the thumb that brought the form up
  if (!(await store(feedback, rating, text))) return;
  press(feedback, feedback.querySelector(`.${rating}`));
  form.hidden = true;
  const thanks = feedback.querySelector('.thanks');
  thanks.hidden = false;
  thanks.focus({ preventScroll: true });
}

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches('.comment')) comment(form);
  else send(form, Object.fromEntries(new FormData(form)));
});

// A person at the desk sees that something is coming; what is typed stays here until it is sent.
const TYPING_SECONDS = 3;
let typedAt = 0;
document.addEventListener('input', (event) => {
  if (!event.target.matches('#box textarea') || !event.target.value) return;
  if (!['waiting', 'agent'].includes(now?.owner)) return;
  if (Date.now() - typedAt < TYPING_SECONDS * 1000) return;
  typedAt = Date.now();
  fetch(`api/conversations/${encodeURIComponent(followed)}/typing`, { method: 'POST' }).catch(() => {});
});

// A piece of the old conversation's answer can still come in after the new one has begun.
document.addEventListener('click', (event) => {
  if (event.target.closest('#new')) abandoned = conversation;
  if (event.target.closest('#person')) asked = true;
}, true);

// The theme follows the system while the page is open, too.
const dark = window.matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => document.body.classList.toggle('dark', dark.matches));

watch('value', show);
show();
