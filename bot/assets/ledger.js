// The ledger works without this: it filters as soon as something is chosen, and shows the chat's day.

import { showDay } from "./day.js";

const filter = document.getElementById("filter");

function narrow(field) {
  // another plan has other units, months and parts
  if (field.name === "plan") for (const name of ["unit", "month", "part"]) filter.elements[name].value = "";
  filter.requestSubmit();
}

filter?.addEventListener("change", (event) => narrow(event.target));
// what was chosen before this ran, on a slow line
const asSent = (field) => ([...field.options].find((one) => one.defaultSelected) ?? field.options[0]).value;
const chosen = [...filter?.querySelectorAll("select") ?? []].find((field) => field.value !== asSent(field));
if (chosen) narrow(chosen);

if (document.getElementById("day-now")) {
  showDay();
  addEventListener("storage", showDay);
}

// the row that a source leads to also gets the focus, so that a screen reader starts there
const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
if (target) target.focus({ preventScroll: true });
