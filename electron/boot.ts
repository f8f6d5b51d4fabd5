/**
 * The first file of the desktop app: loads main.ts, and says so when that cannot be done. Without it, a damaged installation or a
 * directory that cannot be made would be a process without a window.
 *
 * It imports nothing of ours, so that nothing of ours can break it.
 */
import { app, dialog } from 'electron';

try {
  // Awaited: Electron becomes ready only after this module has been evaluated, and main.ts has to do things before.
  await import('./main.ts');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // Before the application is ready, Linux would print the message where nobody looks.
  void app.whenReady().then(() => {
    dialog.showErrorBox('Switchyard cannot start', describe(error));
    app.exit(1);
  });
}

function describe(error: unknown): string {
  const { message, remedy } = error instanceof Error ? (error as Error & { remedy?: unknown }) : { message: error };
  return [
    String(message),
    typeof remedy === 'string'
      ? remedy
      : 'If this names a file of the program, install Switchyard again; if it names a directory of yours, make room in it or mend its permissions.',
    'Nothing queued is lost, and running trials go on.',
  ].join('\n\n');
}
