/**
 * The one way from the command line into the master's code, taken by `orchard master start` alone:
 * every other command runs without it, and loads none of it.
 */
export async function startMaster(environment: NodeJS.ProcessEnv): Promise<void> {
  const master = await import('../master/main.js');
  await master.startMaster(environment);
}
