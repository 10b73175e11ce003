// For a company's own pages: <script src="https://DESK/widget.js" async></script>. A button in the
// corner opens the chat in a frame. All of it lies in a shadow root: neither page's styles reach the
// other. Its `words` come before this file, in the browser's language (ui/widget.py).
const desk = new URL('.', document.currentScript.src);
const phone = matchMedia('(max-width: 30rem)');
const OPEN = 'frontdesk-open'; // in this tab: the chat stays open from one page to the next
const remembered = (() => { try { return sessionStorage; } catch { return {}; } })(); // may be forbidden
const READY_SECONDS = 15;

const STYLE = `
:host { all: initial; }
.button, .panel { position: fixed; right: 1rem; z-index: 2147483000; font: 1rem/1.3 system-ui, sans-serif; color-scheme: light dark; }
.button { bottom: 1rem; display: flex; align-items: center; gap: .5rem; min-height: 3rem; padding: 0 1.15rem; border: 0; border-radius: 1.5rem;
  background: var(--frontdesk-accent, #1d6b52); color: var(--frontdesk-accent-ink, #fff); box-shadow: 0 4px 18px rgb(0 0 0 / 25%); font-weight: 600; cursor: pointer; }
.button svg, .bar svg { width: 1.25rem; height: 1.25rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.news { width: .7rem; height: .7rem; border-radius: 50%; background: #e5484d; border: 2px solid #fff; }
.panel { bottom: 4.75rem; display: flex; flex-direction: column; overflow: hidden; width: min(25rem, 100vw - 2rem); height: min(40rem, 100dvh - 6rem);
  border-radius: 1rem; background: #f5f4f0; color: #1f2421; box-shadow: 0 8px 40px rgb(0 0 0 / 30%); }
.bar { display: flex; justify-content: space-between; align-items: center; padding: .15rem .15rem .15rem 1rem; background: var(--frontdesk-accent, #1d6b52); color: var(--frontdesk-accent-ink, #fff); font-weight: 600; }
.bar button { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; border: 0; border-radius: .75rem; background: none; color: inherit; cursor: pointer; }
.button:focus-visible { outline: 3px solid currentColor; outline-offset: -5px; }
.bar button:focus-visible { outline: 2px solid currentColor; outline-offset: -4px; }
iframe { flex: 1; width: 100%; border: 0; }
.elsewhere { margin: 0; padding: .75rem 1rem; }
.elsewhere a { color: inherit; }
[hidden] { display: none !important; }
@media (max-width: 30rem) { .panel { inset: 0; width: auto; height: auto; border-radius: 0; } }
@media (prefers-color-scheme: dark) { .panel { background: #151816; color: #e9ebe7; } }
@media print { .button, .panel { display: none; } }`;

const MARKUP = `
<section class="panel" role="dialog" hidden>
  <div class="bar"><span class="title"></span><button type="button" class="close"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg></button></div>
  <p class="elsewhere" hidden><a target="_blank" rel="noopener"></a></p>
</section>
<button type="button" class="button" aria-expanded="false"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M21 12a8 8 0 0 1-8 8H4l2-3.4A8 8 0 1 1 21 12z"/></svg><span class="word"></span><span class="news" role="img" hidden></span></button>`;

const host = document.createElement('aside'); // a landmark: screen readers find it from anywhere
host.setAttribute('aria-label', words.title);
const root = host.attachShadow({ mode: 'open' });
const sheet = new CSSStyleSheet(); // a strict policy of the page forbids <style>, not this
sheet.replaceSync(STYLE);
root.adoptedStyleSheets = [sheet];
root.innerHTML = MARKUP;
const [panel, button, close, news, elsewhere] = ['.panel', '.button', '.close', '.news', '.elsewhere'].map((one) => root.querySelector(one));
let frame = null;
let ready = false;

panel.setAttribute('aria-label', words.title);
root.querySelector('.title').textContent = words.title;
root.querySelector('.word').textContent = words.open;
close.setAttribute('aria-label', words.close);
news.setAttribute('aria-label', words.news);
Object.assign(elsewhere.firstElementChild, { href: desk.href, textContent: words.elsewhere });

function load() {
  frame = Object.assign(document.createElement('iframe'), { src: desk.href, title: words.title });
  panel.append(frame);
  setTimeout(() => {
    elsewhere.hidden = ready;
    if (!ready) console.warn(`Frontdesk: the chat did not open. Does its setting websites name ${location.origin}?`);
  }, READY_SECONDS * 1000);
}

function show(open) {
  if (open && !frame) load();
  panel.hidden = !open;
  button.hidden = open && phone.matches;
  button.setAttribute('aria-expanded', open);
  if (open) news.hidden = true;
  remembered[OPEN] = open ? '1' : '';
}

function toggle(open) {
  show(open);
  (open ? frame : button).focus();
}

button.addEventListener('click', () => toggle(panel.hidden));
close.addEventListener('click', () => toggle(false));
panel.addEventListener('keydown', (event) => event.key === 'Escape' && toggle(false));
phone.addEventListener('change', () => show(!panel.hidden));

// What the page in the frame tells (page.js), never what is said in it.
addEventListener('message', (event) => {
  if (!frame || event.source !== frame.contentWindow) return;
  const said = event.data?.frontdesk; // Gradio tells the page around it of other things, too
  if (said === 'ready') { ready = true; elsewhere.hidden = true; }
  if (said === 'close') toggle(false);
  if (said === 'news') news.hidden = !panel.hidden;
});

function begin() {
  document.body.append(host);
  if (remembered[OPEN] && !phone.matches) show(true);
}

if (document.body) begin();
else addEventListener('DOMContentLoaded', begin);
