// What a person does in more than one scenario.

/** With the smoke-test flag notifications do not come up by themselves; they wait behind the bell. */
exports.notification = async (page, text) => {
  const center = page.locator(".notifications-center");
  if (!(await center.isVisible())) await page.locator('[id="status.notifications"]').click();
  return center.locator(".notification-list-item").filter({ hasText: text });
};

exports.confirmed = {
  "confirmed the change of several files": async ({ page, shot }) => {
    const apply = page.locator(".bulk-edit-panel .monaco-button", { hasText: "Apply" });
    if (!(await apply.isVisible())) return false;
    await shot("confirm");
    await apply.click();
    return true;
  },
};
