/** The tray: how the trials are doing at a glance, and the few things one wants without opening the window. */
import { Menu, Tray } from 'electron';
import { trayText } from './tray-text.ts';
import type { EngineMirror } from './engine-mirror.ts';

/** Trials can change hundreds of times a second; a tray menu is redrawn by another process each time. */
const REDRAW_EVERY_MS = 400;

export interface TrayOptions {
  readonly mirror: EngineMirror;
  readonly icons: { readonly idle: string; readonly busy: string };
  readonly open: () => void;
  readonly quit: () => void;
}

/** The tray lives as long as the mirror: its listener holds it. */
export function createTray(options: TrayOptions): void {
  const { mirror } = options;
  const tray = new Tray(options.icons.idle);
  let drawn = '';
  let isResting = false;
  let isStale = false;

  function draw(): void {
    const text = trayText({
      ...mirror.counts(),
      isReachable: mirror.isReachable(),
      isLoaded: mirror.isLoaded(),
      anyPoolOpen: mirror.pools().some((pool) => pool.state === 'open'),
    });
    const key = JSON.stringify(text);
    if (key === drawn) return;
    drawn = key;
    tray.setImage(text.isBusy ? options.icons.busy : options.icons.idle);
    tray.setToolTip(text.tooltip);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: text.summary, enabled: false },
        { type: 'separator' },
        { label: 'Open Switchyard', click: options.open },
        {
          label: text.poolsLabel,
          enabled: mirror.isReachable() && mirror.pools().length > 0,
          click: () => void mirror.actOnAllPools(text.poolsAction),
        },
        { type: 'separator' },
        { label: 'Quit', click: options.quit },
      ]),
    );
  }

  tray.on('click', options.open);
  draw();
  mirror.onChange(follow);

  /** At once, then at most once per interval, and always with the last state. */
  function follow(): void {
    isStale = true;
    if (isResting) return;
    isStale = false;
    isResting = true;
    draw();
    setTimeout(() => {
      isResting = false;
      if (isStale) follow();
    }, REDRAW_EVERY_MS).unref();
  }
}
