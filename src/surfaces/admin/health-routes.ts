/**
 * Health and metrics, on every port of a door. They are answered whatever else is going on.
 *
 *   GET  /healthz   200 while it serves, 503 while it starts or stops
 *   GET  /metrics   Prometheus text
 */
import type { HttpHandler, HttpRoute } from '../../net/http-server.js';
import type { Metrics } from '../../process/metrics.js';

/** Whether it serves, and anything else worth seeing. */
export type Health = () => { readonly serving: boolean; readonly [detail: string]: unknown };

export function healthRoutes(health: Health, metrics: Metrics): readonly HttpRoute[] {
  const healthz: HttpHandler = (exchange) => {
    const found = health();
    const headers = { 'content-type': 'application/json' };
    exchange.reply(found.serving ? 200 : 503, headers, `${JSON.stringify(found)}\n`);
  };
  const figures: HttpHandler = async (exchange) => {
    const text = await metrics.text();
    const body = text.endsWith('\n') ? text : `${text}\n`;
    exchange.reply(200, { 'content-type': metrics.contentType }, body);
  };
  return [
    { path: '/healthz', methods: { GET: healthz, HEAD: healthz }, isVital: true },
    { path: '/metrics', methods: { GET: figures, HEAD: figures }, isVital: true },
  ];
}
