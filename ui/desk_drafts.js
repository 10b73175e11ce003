// Shows how far a check or a publication is, and the page anew when it has ended.
import './desk_review.js';

const running = document.querySelector('#running');
const bar = running?.querySelector('progress');

async function look() {
  const response = await fetch(running.dataset.progress, { headers: { accept: 'application/json' } });
  if (!response.ok) return;
  const job = await response.json();
  if (!job.running) { location.replace(location.pathname + (job.problem ? '' : '#report')); location.reload(); return; }
  running.querySelector('.stage').textContent = job.total ? `${job.stage} ${job.done}/${job.total}` : job.stage;
  if (job.total) { bar.max = job.total; bar.value = job.done; }
  setTimeout(look, 500);
}

if (running) look();
