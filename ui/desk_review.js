// Reviewing by keyboard: a verdict is sent at once and the next answer comes up. Without this
// script the same forms are sent one by one.
import { hearsKeys, post } from './desk.js';

const formToken = document.body.dataset.formToken;

const list = document.querySelector('.turns');
const answers = list ? [...list.querySelectorAll('[data-judged]')] : [];
let current = -1;

function show(index, scroll = true) {
  if (!answers.length) return;
  current = Math.max(0, Math.min(answers.length - 1, index));
  answers.forEach((one, i) => one.classList.toggle('current', i === current));
  const turn = answers[current];
  if (scroll) turn.scrollIntoView({ block: 'center' });
  turn.focus({ preventScroll: true });
}

function showProgress() {
  const done = answers.filter((one) => one.dataset.judged).length;
  const place = document.querySelector('.review-foot .progress');
  place.textContent = list.dataset.progress.replace('##', answers.length).replace('#', done);
}

// Resolves once the server has stored it: nothing is shown as judged that is not.
async function judge(turn, verdict) {
  const form = turn.querySelector('form.judge');
  const fields = new FormData(form);
  fields.set('verdict', verdict);
  const said = form.querySelector('.outcome');
  try {
    const response = await fetch(form.action, {
      method: 'POST', body: new URLSearchParams(fields), keepalive: true,
      headers: { accept: 'application/json', 'x-form-token': formToken },
    });
    if (!response.ok) throw new Error(response.status);
  } catch {
    said.textContent = list.dataset.lost;
    return false;
  }
  turn.dataset.judged = verdict;
  turn.querySelectorAll('.verdicts button').forEach((one) => one.setAttribute('aria-pressed', one.value === verdict));
  turn.querySelector('[data-save]').value = verdict;
  said.textContent = list.dataset.saved;
  showProgress();
  return true;
}

let sending = Promise.resolve(true);
function judgeInTurn(turn, verdict) {
  sending = sending.then(() => judge(turn, verdict));
  return sending;
}

async function judgeRest() {
  // What was pressed just before may not be stored yet.
  await sending;
  const rest = answers.filter((one) => !one.dataset.judged);
  for (const one of rest) if (!(await judgeInTurn(one, 'right'))) return;
}

async function makeTest(turn) {
  const button = turn.querySelector('[data-make]');
  const said = turn.querySelector('.outcome');
  await sending;
  try {
    const made = await post(button.getAttribute('formaction'));
    said.textContent = `${made.said} (${made.file})`;
  } catch (error) {
    said.textContent = error.message;
  }
}

const KEYS = {
  j: () => show(current + 1),
  ArrowDown: () => show(current + 1),
  ArrowUp: () => show(current - 1),
  k: () => show(current - 1),
  a: judgeRest,
  e: () => {
    const more = answers[current]?.querySelector('.more');
    if (!more) return;
    more.open = true;
    more.querySelector('textarea').focus();
  },
  t: () => answers[current] && makeTest(answers[current]),
  q: () => { location.href = '/desk/review/queue'; },
};

document.addEventListener('keydown', async (event) => {
  const typing = event.target.closest('input:not([type=checkbox]), textarea, select');
  if (event.key === 'Escape' && typing) answers[current]?.focus();
  if (typing && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) typing.form.querySelector('[data-save]')?.click();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !hearsKeys()) return;
  if (event.repeat && !['j', 'k', 'ArrowDown', 'ArrowUp'].includes(event.key)) return; // a held key only walks
  const onControl = event.target.closest('button, a, summary, input');
  if (event.key === 'Enter' && onControl) return;
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  const verdicts = answers[current]?.querySelectorAll('.verdicts button');
  if (list && /^[1-5]$/.test(event.key) && verdicts) {
    event.preventDefault();
    const turn = answers[current];
    const verdict = verdicts[event.key - 1].value;
    // To the next answer that nobody judged; the last one stays.
    const after = answers.findIndex((one, i) => i > current && !one.dataset.judged);
    if (after >= 0) show(after);
    judgeInTurn(turn, verdict);
  } else if (link) {
    event.preventDefault();
    if (await sending) location.href = link.href;
  } else if (KEYS[event.key] && (list || event.key === 'q')) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

if (list) {
  list.addEventListener('submit', (event) => {
    event.preventDefault();
    const turn = event.target.closest('[data-judged]');
    show(answers.indexOf(turn), false);
    judgeInTurn(turn, event.submitter.value);
  });
  list.addEventListener('click', (event) => {
    const turn = event.target.closest('[data-judged]');
    if (event.target.closest('[data-make]')) makeTest(turn);
  });
  // The right passage is looked up in the knowledge while it is typed.
  let waiting = 0;
  list.addEventListener('input', (event) => {
    const box = event.target;
    if (box.name !== 'right_passage' || box.value.length < 2) return;
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const response = await fetch(`/desk/review/passages?q=${encodeURIComponent(box.value)}`);
      if (!response.ok) return;
      const found = await response.json();
      box.list.replaceChildren(...found.map(({ id, title }) => new Option(title, id)));
    }, 250);
  });
  document.querySelector('[data-act="all"]').addEventListener('click', judgeRest);
  showProgress();
  const asked = answers.findIndex((one) => `#${one.id}` === location.hash);
  const open = answers.findIndex((one) => !one.dataset.judged);
  show(asked >= 0 ? asked : Math.max(0, open), asked >= 0 || open > 0);
}
