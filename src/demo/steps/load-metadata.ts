/** Step: the metadata of both stores, loaded by the master's background threads. */
import { type Demo, timed } from '../demo.js';
import { bytesText, countText, rateText, spanText } from '../screen.js';

export async function loadMetadata(demo: Demo): Promise<void> {
  demo.screen.step('Their metadata, loaded');
  await loadOne(demo, '/code');
  await loadOne(demo, '/s3');
}

async function loadOne({ screen, client }: Demo, path: string): Promise<void> {
  screen.command(`orchard load -R ${path}`);
  const progress = screen.progress(`loading ${path}`);
  const { value: job, ms } = await timed(() =>
    client
      .load(path, { onProgress: ({ done, total }) => progress.update(done, total) })
      .finally(() => progress.stop()),
  );
  const { files, directories, bytes } = await client.contentSummary(path, { load: 'never' });
  screen.fact(
    `${path}: ${countText(files)} files, ${countText(directories)} directories, ` +
      `${bytesText(bytes)} known in ${spanText(ms)} (${rateText(files + directories, ms)})` +
      (job.failed > 0 ? `, ${countText(job.failed)} could not be read` : ''),
  );
}
