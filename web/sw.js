/* Pages that were read once can be read without a network.
 *
 * The network is asked first, so that nothing old is shown where it answers; what it gave
 * is kept. Lies in the book's root: a worker speaks for its own folder.
 */
"use strict";

const KEPT = "lenet-inside-out", ELSE = "404.html";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.add(ELSE)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function keep(request, response) {
  if (!response.ok) return;
  const kept = await caches.open(KEPT);
  await kept.put(request, response);
}

async function stored(request) {
  const kept = await caches.open(KEPT);
  const found = (await kept.match(request)) ?? (await kept.match(request, { ignoreSearch: true }));
  return found ?? (request.mode === "navigate" ? kept.match(ELSE) : undefined) ?? Response.error();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(
    fetch(request).then((response) => {
      event.waitUntil(keep(request, response.clone()));
      return response;
    }, () => stored(request)));
});
