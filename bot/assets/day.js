// The day that this chat stands at: kept in the browser, sent with each message.

const KEY = "duban.day";

export function chineseDay(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  return `${year}年${month}月${day}日`;
}

// the chosen day as ISO text, "" for the server's own
export function chosenDay() {
  try { return localStorage.getItem(KEY) || ""; } catch { return ""; }
}

export function chooseDay(iso) {
  try {
    if (iso) localStorage.setItem(KEY, iso);
    else localStorage.removeItem(KEY);
  } catch { /* private mode: the server's own day it stays */ }
  showDay();
}

// the day in the bar; `own` is the server's, from the page as it was sent
export function showDay() {
  const time = document.getElementById("day-now");
  time.dataset.own ??= time.dateTime;
  const chosen = chosenDay();
  time.dateTime = chosen || time.dataset.own;
  time.textContent = chineseDay(time.dateTime);
  time.closest(".day, .day-plain").classList.toggle("moved", chosen !== "");
}
