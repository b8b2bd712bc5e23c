// Puts a new body, made by the extension, in place of the old one: scrolling and focus stay where they are.
const main = document.querySelector("main");
window.addEventListener("message", ({ data }) => {
  main.innerHTML = data.body;
});
