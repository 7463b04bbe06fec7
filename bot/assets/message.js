// One message as elements. Words from documents and people only ever become text, never markup.

const SOURCES_SHOWN = 3;
const ITEM = /^\s*([-•·]|\d{1,3}(?:[、)）]|[.．](?!\d))|[（(]\d{1,3}[)）])\s*(.+)$/s;

// an element with properties and children; a string child becomes text
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

// `on` is {press(button, message), ask(text)}
export function renderMessage(message, on) {
  const own = message.direction === "in";
  const element = el(
    "article",
    { className: `message ${own ? "own" : "answer"}`, "aria-label": own ? "我" : "督办助手" },
    el("div", { className: "bubble" }, ...message.rows.map(row)),
  );
  element.message = message; // what it was drawn from
  if (message.id) element.dataset.id = message.id;
  if (message.client_id) element.dataset.clientId = message.client_id;
  if (own) {
    const day = message.stands_at ? `按 ${message.stands_at} 问 · ` : "";
    element.append(el("p", { className: "meta" }, day, message.at ? time(message.at) : "正在发送…"));
    return element;
  }
  const bubble = element.firstChild;
  bubble.append(...message.files.map(file));
  if (message.buttons.length) bubble.append(buttons(message, on));
  if (message.sources.length) element.append(sources(message.sources));
  element.append(el("p", { className: "meta" }, time(message.at), copy(message)));
  if (message.suggestions.length) element.append(chips(message.suggestions, on.ask));
  return element;
}

export function chips(questions, ask) {
  const list = el("div", { className: "chips" });
  for (const text of questions) {
    list.append(el("button", { type: "button", className: "chip", onclick: () => ask(text) }, text));
  }
  return list;
}

// a line that begins like a list's hangs from its mark, and so do the lines after it in its row
function row(text) {
  const block = el("div", { className: "row" });
  let place = block;
  for (const line of text.split("\n")) {
    const item = ITEM.exec(line);
    if (item) {
      const mark = item[1] === "-" ? "•" : item[1];
      place = el("div", {}, el("p", {}, item[2]));
      block.append(el("div", { className: "item" }, el("span", { className: "mark" }, mark), place));
      continue;
    }
    const words = line.trim();
    place.append(el("p", { className: words.startsWith("出处：") ? "from" : "line" }, words));
  }
  return block;
}

// a picture is shown, its end cut off where it is tall; what is clicked is saved whole
function file(one) {
  const shown = /\.(png|jpe?g)$/i.test(one.name) ? el("img", { src: one.href, alt: "", loading: "lazy" }) : "";
  return el("a", { className: "file", href: one.href, download: one.name }, shown, `文件：${one.name}`);
}

function buttons(message, on) {
  const rows = el("div", { className: "buttons" });
  for (const row of message.buttons) {
    for (const button of row) {
      const press = () => on.press(button, message, rows);
      const className = button.is_main ? "main" : button.is_minor ? "quiet" : "";
      rows.append(el("button", { type: "button", className, onclick: press }, button.label));
    }
  }
  return rows;
}

function sources(all) {
  const list = el("div", { className: "sources", role: "group", "aria-label": "出处" });
  list.append(...all.slice(0, SOURCES_SHOWN).map(source));
  const rest = all.slice(SOURCES_SHOWN);
  if (rest.length) {
    list.append(el("details", {}, el("summary", {}, `其余 ${rest.length} 条出处`), ...rest.map(source)));
  }
  return list;
}

// one card; it opens the row in its table, or the passage in its text, in one tab beside the chat
function source(one) {
  const plan = `/plans/${encodeURIComponent(one.plan_id)}`;
  const href = one.task_id !== null ? `${plan}/row/${one.task_id}`
    : one.passage_id !== null ? `${plan}/passage/${one.passage_id}` : `${plan}/text`;
  return el(
    "a",
    { className: "source", href, target: "duban-source" },
    el("span", { className: "source-head" },
      el("span", { className: "source-plan" }, `《${one.plan_title}》`),
      el("span", { className: "source-ref" }, one.ref)),
    one.quote ? el("span", { className: "source-quote" }, one.quote) : "",
  );
}

function copy(message) {
  const button = el("button", { type: "button", className: "copy" }, "复制");
  button.onclick = async () => {
    const from = message.sources.map((one) => `出处：《${one.plan_title}》${one.ref}`);
    try {
      await navigator.clipboard.writeText([...message.rows, ...from].join("\n"));
      button.textContent = "已复制";
    } catch {
      button.textContent = "浏览器不允许复制";
    }
    setTimeout(() => { button.textContent = "复制"; }, 2000);
  };
  return button;
}

function time(iso) {
  const [, month, day, clock] = /^\d+-(\d+)-(\d+)T(\d+:\d+)/.exec(iso);
  return el("time", { dateTime: iso }, `${Number(month)}月${Number(day)}日 ${clock}`);
}
