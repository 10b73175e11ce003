// What every page of the desk needs: requests that bring the session's token, and questions before
// something is removed.

export const formToken = document.body.dataset.formToken;

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

document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
