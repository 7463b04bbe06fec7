// The chat: what is typed goes to the server, what comes back over the stream is shown.

import { chineseDay, chooseDay, chosenDay, showDay } from "./day.js";
import { chips, el, renderMessage } from "./message.js";

const LONGEST_TEXT = 4000;
const LARGEST_FILE_MB = 50;
const SLOW_MS = 20_000;
const GIVEN_UP_MS = 120_000;

const $ = (id) => document.getElementById(id);
const log = $("log"), text = $("text");
let waiting = null; // {id} of the message that has no answer yet
let status = null;
let stream = null;

// ---- the server

async function call(path, body) {
  const options = body instanceof Blob
    ? { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body }
    : body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// load the last messages: at the start, and whenever the stream was away
async function load() {
  const { messages, more } = await call("/api/messages");
  const first = !log.childElementCount;
  if (first) $("earlier").hidden = !more;
  messages.forEach(show);
  const last = messages.at(-1);
  if (first && last?.direction === "in") waitFor(last.client_id);
  log.setAttribute("aria-busy", "false");
  if (first && messages.length) scrollTo({ top: document.body.scrollHeight });
  welcome();
}

function listen() {
  stream?.close();
  stream = new EventSource("/api/stream");
  stream.addEventListener("ready", () => { fault(""); load().catch(() => {}); });
  stream.onmessage = (event) => arrived(JSON.parse(event.data));
  stream.onerror = () => {
    fault("连接断开，正在重连…");
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || listen(), 3000);
  };
}

// ---- messages

function show(message) {
  const element = renderMessage(message, { press, ask });
  const same = draftOf(message.client_id) || log.querySelector(`[data-id="${message.id}"]`);
  // what the page knows of it is not what the server took in: only sending it again tells
  if (same?.classList.contains("unsent")) return same;
  if (same) {
    // what did not change stays, with its selection and focus
    if (JSON.stringify(same.message) === JSON.stringify(message)) return same;
    same.replaceWith(element);
  } else {
    const later = [...log.children].find((other) => Number(other.dataset.id) > message.id);
    log.insertBefore(element, later ?? null);
  }
  if (message.direction === "out" && waiting && [waiting.id, ""].includes(message.answers)) waitFor(null);
  return element;
}

// the own message that this page sent under the id, as it is shown now
function draftOf(id) {
  return id && log.querySelector(`[data-client-id="${CSS.escape(id)}"]`);
}

function arrived(message) {
  const atEnd = innerHeight + scrollY > document.body.scrollHeight - 120;
  const isNew = !log.querySelector(`[data-id="${message.id}"]`);
  const awaited = waiting && message.answers === waiting.id;
  const element = show(message);
  welcome();
  // what changes above is left alone; a last answer that grows is followed
  if (!isNew && !(atEnd && element === log.lastElementChild)) return;
  if (!atEnd && !awaited) { $("newer").hidden = false; return; }
  // a long answer is read from its beginning, with the question above it
  const question = element.previousElementSibling;
  const long = element.offsetHeight > innerHeight * 0.6;
  if (!long) scrollTo({ top: document.body.scrollHeight });
  else if (awaited && question?.offsetHeight < innerHeight * 0.3) question.scrollIntoView({ block: "start" });
  else element.scrollIntoView({ block: "start" });
}

async function ask(words) {
  const said = words.trim();
  if (!said) return;
  const length = [...said].length;
  if (length > LONGEST_TEXT) {
    fault(`一次最多 ${LONGEST_TEXT} 字，现在是 ${length} 字，请分开发送。`);
    return;
  }
  if (words === text.value) { text.value = ""; grow(); }
  await deliver({ id: crypto.randomUUID(), text: said, stands_at: chosenDay() }, said);
}

async function press(button, message, row) {
  for (const one of row.children) one.disabled = true;
  const body = { id: crypto.randomUUID(), button: button.data, pressed: message.id, stands_at: chosenDay() };
  await deliver(body, button.label);
  for (const one of row.children) one.disabled = false;
}

async function sendFile(file) {
  if (file.size > LARGEST_FILE_MB * 1024 * 1024) {
    fault(`《${file.name}》超过 ${LARGEST_FILE_MB} MB，请拆分后再发。`);
    return;
  }
  await deliver({ id: crypto.randomUUID(), stands_at: "" }, `文件：${file.name}`, file);
}

// send, and show it as sent or as not sent; sending the same again is safe
async function deliver(body, words, file) {
  fault("");
  const draft = { direction: "in", client_id: body.id, rows: [words], stands_at: body.stands_at };
  const element = renderMessage(draft, {});
  const before = draftOf(body.id);
  if (before) before.replaceWith(element);
  else log.append(element);
  welcome();
  waitFor(body.id);
  scrollTo({ top: document.body.scrollHeight });
  try {
    const path = file ? `/api/files?${new URLSearchParams({ id: body.id, name: file.name })}` : "/api/messages";
    show((await call(path, file ?? body)).message);
    return true;
  } catch (error) {
    waitFor(null);
    const why = error instanceof TypeError || error instanceof SyntaxError ? "没有连上服务器" : error.message;
    const again = el("button", { type: "button", className: "again", onclick: () => deliver(body, words, file) }, "重发");
    const unsent = draftOf(body.id); // a reload of the messages may have drawn it anew meanwhile
    unsent.classList.add("unsent");
    unsent.querySelector(".meta").replaceChildren(`未送出：${why} `, again);
    return false;
  }
}

// the line below the last message while an answer is on its way
function waitFor(id) {
  waiting = id && { id };
  const line = $("searching");
  line.hidden = !waiting;
  line.classList.remove("given-up");
  $("searching-words").textContent = "正在查…";
  for (const [after, words] of [[SLOW_MS, "还在查，请稍候…"], [GIVEN_UP_MS, "这一问还没有回音，可以再问一次。"]]) {
    if (!waiting) break;
    setTimeout(() => {
      if (waiting?.id !== id) return;
      $("searching-words").textContent = words;
      line.classList.toggle("given-up", after === GIVEN_UP_MS);
    }, after);
  }
}

function fault(words) {
  $("fault").textContent = words;
}

// ---- the day, the start, the progress of the index

async function refreshStatus() {
  try {
    status = await askStatus();
  } catch {
    setTimeout(refreshStatus, 10_000);
    return;
  }
  $("day-now").dataset.own = status.day;
  const { done, total } = status.vectors;
  const ready = total > 0 && done >= total;
  $("vectors").hidden = ready || !total;
  $("vectors").textContent = `语义索引 ${done}/${total}`;
  if (!ready) setTimeout(refreshStatus, total ? 2000 : 10_000);
  drawStart();
}

function askStatus() {
  const day = chosenDay();
  return call(day ? `/api/status?at=${day}` : "/api/status");
}

function drawStart() {
  showDay();
  const day = chosenDay();
  const allOver = status.plans.length > 0 && status.plans.every((plan) => plan.over);
  $("starts").replaceChildren(...chips(status.questions, ask).children);
  $("over").hidden = !allOver && !day;
  $("over-words").textContent = day
    ? `这个对话现在按 ${chineseDay(day)} 计。`
    : `收录的 ${status.plans.length} 个方案，执行期都已结束，提问不受影响。想看当时哪些临近到期，可以选一天：`;
  $("over-plans").replaceChildren(...(day ? [resetButton()] : planDays(2)));
  $("day-plans").replaceChildren(...planDays(3));
  $("day-reset").hidden = !day;
  welcome();
}

function planDays(most) {
  return status.plans.filter((plan) => plan.days.length).map((plan) => el(
    "section", { className: "plan-days" },
    el("h2", {}, plan.title),
    plan.period ? el("p", {}, `执行期 ${plan.period}`) : "",
    el("div", { className: "days" }, ...plan.days.slice(0, most).map(({ day, why }) => el(
      "button", { type: "button", className: "chip", onclick: () => stand(day), "aria-pressed": String(day === chosenDay()) },
      el("span", {}, chineseDay(day)), el("small", {}, why)))),
  ));
}

function resetButton() {
  return el("button", { type: "button", className: "chip", onclick: () => stand("") }, "回到今天");
}

function stand(day) {
  chooseDay(day);
  $("day").open = false;
  drawStart();
  text.focus();
  // questions to start from on that day; those of another day do no harm
  askStatus().then((found) => {
    if (day !== chosenDay()) return;
    status = found;
    drawStart();
  }, () => {});
}

function welcome() {
  $("welcome").hidden = !status || log.childElementCount > 0;
}

// ---- the box to write in

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, innerHeight * 0.4)}px`;
}

text.addEventListener("input", () => { grow(); fault(""); });
text.addEventListener("keydown", (event) => {
  // while an input method composes, Enter takes its candidate; 229 is how some browsers say so
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  ask(text.value);
});
$("form").addEventListener("submit", (event) => { event.preventDefault(); ask(text.value); });
$("file").addEventListener("change", () => {
  for (const file of $("file").files) sendFile(file);
  $("file").value = "";
});
$("newer").addEventListener("click", () => scrollTo({ top: document.body.scrollHeight }));
addEventListener("scroll", () => {
  if (innerHeight + scrollY > document.body.scrollHeight - 120) $("newer").hidden = true;
}, { passive: true });
$("earlier").addEventListener("click", async () => {
  const height = document.body.scrollHeight;
  const oldest = [...log.children].find((one) => one.dataset.id);
  const { messages, more } = await call(`/api/messages?before=${oldest.dataset.id}`);
  messages.forEach(show);
  $("earlier").hidden = !more;
  scrollBy({ top: document.body.scrollHeight - height });
});

$("day-form").addEventListener("submit", (event) => { event.preventDefault(); stand($("day-input").value); });
$("day-reset").addEventListener("click", () => stand(""));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && $("day").open) { $("day").open = false; $("day").firstElementChild.focus(); }
});
addEventListener("click", (event) => {
  if (!$("day").contains(event.target)) $("day").open = false;
});
addEventListener("storage", () => status && drawStart());

// a browser opens only a few connections to one server: hidden pages give theirs back
addEventListener("visibilitychange", () => {
  if (document.hidden) stream?.close();
  else listen();
});

showDay();
refreshStatus();
load().then(listen, () => { fault("没有连上服务器，正在重试…"); setTimeout(() => location.reload(), 5000); });
if (matchMedia("(pointer: fine)").matches) text.focus();
