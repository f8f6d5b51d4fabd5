/**
 * Node opens its debugger on SIGUSR1, to anybody on this machine, and a debugger runs any code. A listener of our own replaces that.
 * @returns the function that takes it back
 */
export function refuseDebugger(): () => void {
  const ignore = (): void => undefined;
  if (process.platform === 'win32') return ignore;
  process.on('SIGUSR1', ignore);
  return () => {
    process.removeListener('SIGUSR1', ignore);
  };
}
