const place = "truce-theme";

/** As the person chose on this machine, else as the machine says. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(place);
  if (chosen !== null) document.documentElement.dataset["theme"] = chosen;
}

export function switchTheme(): void {
  const isDark = getComputedStyle(document.documentElement).colorScheme.includes("dark")
    ? document.documentElement.dataset["theme"] === "dark" || matchMedia("(prefers-color-scheme: dark)").matches
    : false;
  const next = isDark ? "light" : "dark";
  localStorage.setItem(place, next);
  document.documentElement.dataset["theme"] = next;
}
