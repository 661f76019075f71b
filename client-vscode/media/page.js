// The page of a session: shows the sections that it is sent, and tells which button was pressed.
const vscode = acquireVsCodeApi();
const box = document.querySelector("textarea");
const session = document.body.dataset.session;
box.value = vscode.getState()?.draft ?? "";

function keep() {
  vscode.setState({ session, draft: box.value });
}
keep();
box.addEventListener("input", keep);

/** Sections change one by one; focus stays on the same button, and the end stays in sight for whoever was there. */
addEventListener("message", ({ data }) => {
  if (data.sent) {
    box.value = "";
    keep();
    return;
  }
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
  const focused = document.activeElement?.closest("button[data-run]");
  const same = focused && JSON.stringify({ ...focused.dataset });
  for (const [name, html] of Object.entries(data.sections)) document.getElementById(name).innerHTML = html;
  if (same && !focused.isConnected) {
    const again = [...document.querySelectorAll("button[data-run]")].find((each) => JSON.stringify({ ...each.dataset }) === same);
    again?.focus({ preventScroll: true });
  }
  if (atEnd) scrollTo(0, document.documentElement.scrollHeight);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-run]");
  if (button) vscode.postMessage({ ...button.dataset });
});

function send() {
  if (box.value.trim() !== "") vscode.postMessage({ run: "reply", text: box.value });
}
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
});
vscode.postMessage({ run: "ready" });
