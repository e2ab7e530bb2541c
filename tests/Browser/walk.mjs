// Goes through the pages as a person does, in a real browser; says what was seen as JSON.
//   node walk.mjs CHROMIUM ADDRESS BAD-FILE [FOLDER FOR PICTURES]
import { rmSync } from "node:fs";
import { chromium } from "playwright-core";

const [program, address, badFile, pictures] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const seen = { steps: [], console: [], wide: [], progress: [], streams: [] };
try {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 700 } })).newPage();
  page.setDefaultTimeout(30000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") seen.console.push(message.text());
  });
  page.on("request", (request) => {
    if (request.resourceType() === "eventsource") seen.streams.push(new URL(request.url()).pathname);
  });
  page.on("pageerror", (error) => seen.console.push(`${error}`));
  const step = async (name) => seen.steps.push(`${name}: ${await page.title()}`);
  const text = (selector) => page.locator(selector).first().innerText();

  // A flow that failed, its run, and what the run says.
  await page.goto(address);
  await step("overview");
  seen.before = await text("main p");
  await page.locator("main table a", { hasText: /^orders$/ }).first().click();
  await step("flow");
  await page.locator("tr", { hasText: "failed" }).locator("a[href^='/runs/']").first().click();
  await step("run");
  seen.error = await text(".error");

  // The rows that were set aside: one is mended and released.
  await page.locator("dl a[href^='/quarantine']").first().click();
  await step("quarantine");
  seen.held = await page.locator("main code").first().innerText();
  const form = page.locator("form[action='/quarantine/release']", { has: page.locator("input[name='value']") }).first();
  await form.locator("input[name='value']").fill("20");
  await form.locator("button").click();
  await page.waitForURL(/quarantine/);
  seen.released = await text("main .none");

  // What kept the run from going well is put right; it runs again.
  rmSync(badFile);
  await page.goto(`${address}/runs?dataset=orders&outcome=failed`);
  await page.locator("main table a").first().click();
  await page.locator("button", { hasText: "Run again" }).click();
  await page.waitForURL(/requests/);
  await page.locator(".state.good").first().waitFor();
  await step("request");
  await page.goto(address);
  seen.after = await text("main p");

  // A long run is seen to move while nobody touches the page.
  await page.goto(`${address}/flows/big`);
  await page.locator("button", { hasText: "Run now" }).click();
  await page.waitForURL(/requests/);
  for (const end = Date.now() + 60000; Date.now() < end; await page.waitForTimeout(150)) {
    const now = await page.evaluate(() => document.querySelector("#main").innerText.replace(/\s+/g, " "));
    if (seen.progress.at(-1) !== now) seen.progress.push(now);
    if (/\bdone\b|\bfailed\b/.test(now)) break;
  }
  const request = new URL(page.url()).pathname;

  // Every page fits a phone; pictures of it in both colours.
  const run = await page.locator("a[href^='/runs/']").first().getAttribute("href");
  for (const [name, path] of [
    ["overview", "/"], ["flow", "/flows/orders"], ["runs", "/runs"], ["run", run],
    ["files", "/files"], ["quarantine", "/quarantine?dataset=prices"], ["schedules", "/schedules"],
    ["models", "/models"], ["request", request], ["process-table", "/process_table"],
  ]) {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(address + path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 360) seen.wide.push(`${name}: ${width}`);
    if (!pictures) continue;
    await page.setViewportSize({ width: 1100, height: 700 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${pictures}/${name}-${colorScheme}.png` });
    }
  }
} catch (error) {
  seen.fault = `${error}`;
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
