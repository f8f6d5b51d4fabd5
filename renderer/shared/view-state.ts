/**
 * What the user is looking at: the chosen pool, the selection, the inspected trial, the open dialog.
 * Lives beside the engine's state and never leaves this window.
 */
import { create } from 'zustand';

export type Screen = 'queue' | 'experiments' | 'finished' | 'cloud' | 'settings';

const SCREENS: readonly Screen[] = ['queue', 'experiments', 'finished', 'cloud', 'settings'];

export type Dialog =
  | { readonly kind: 'submit'; readonly directory?: string }
  | { readonly kind: 'duplicate'; readonly trialId: number }
  | { readonly kind: 'rename'; readonly trialId: number }
  | { readonly kind: 'labels'; readonly trialIds: readonly number[] }
  | { readonly kind: 'priority'; readonly trialIds: readonly number[] }
  | { readonly kind: 'stop'; readonly action: 'pause' | 'cancel' | 'kill'; readonly trialIds: readonly number[] }
  | { readonly kind: 'stop'; readonly action: 'pool'; readonly poolId: string; readonly trialIds: readonly number[] }
  | { readonly kind: 'delete'; readonly trialIds: readonly number[] }
  | { readonly kind: 'pool-settings'; readonly poolId: string }
  | { readonly kind: 'pool-create' }
  | { readonly kind: 'pool-delete'; readonly poolId: string }
  | { readonly kind: 'cloud-pool-add' }
  /** `poolId`: the pool that is chosen already. */
  | { readonly kind: 'move'; readonly trialIds: readonly number[]; readonly poolId?: string }
  | { readonly kind: 'machine-add' }
  /** `name`: of the account whose credentials change. */
  | { readonly kind: 'account'; readonly name?: string }
  | { readonly kind: 'plot'; readonly trialIds: readonly number[]; readonly metric: string }
  | { readonly kind: 'shortcuts' };

export type InspectorTab = 'log' | 'metrics' | 'config' | 'checkpoints' | 'history' | 'code';

/** Where the trial menu opens, in client pixels, and which of its edges is there. */
export interface MenuPlace {
  readonly x: number;
  readonly y: number;
  readonly align: 'start' | 'end';
  /** Gets the focus back when the menu closes. */
  readonly opener: Element | null;
}

export interface ViewState {
  readonly screen: Screen;
  /** What is looked for among the finished trials; see electron/text/search-query.ts. */
  readonly finishedSearch: string;
  /** null: the default pool. */
  readonly poolId: string | null;
  readonly selection: ReadonlySet<number>;
  /** The row the keyboard is on, and the fixed end of a shift selection. */
  readonly activeId: number | null;
  readonly anchorId: number | null;
  readonly inspectedId: number | null;
  readonly tab: InspectorTab;
  readonly dialog: Dialog | null;
  readonly menu: MenuPlace | null;
  readonly collapsed: ReadonlySet<string>;
  readonly showArchived: boolean;
  /** The trials that are compared in the place of experiments, the one the others are held against first; null = the table. */
  readonly compared: readonly number[] | null;
  /** Rises when somebody asks for the doctor: its part of the settings comes into view. 0: nobody has. */
  readonly doctorAsked: number;
}

const COLLAPSED_KEY = 'switchyard.collapsed';

function readCollapsed(): ReadonlySet<string> {
  const text = window.localStorage.getItem(COLLAPSED_KEY);
  return new Set(text === null || text === '' ? [] : text.split(','));
}

export const useView = create<ViewState>()(() => ({
  screen: SCREENS.find((screen) => window.location.hash === `#/${screen}`) ?? 'queue',
  finishedSearch: '',
  poolId: null,
  selection: new Set<number>(),
  activeId: null,
  anchorId: null,
  inspectedId: null,
  tab: 'log',
  dialog: null,
  menu: null,
  collapsed: readCollapsed(),
  showArchived: false,
  compared: null,
  doctorAsked: 0,
}));

const set = useView.setState;

/** Goes to a screen; the address keeps it over a reload. */
export function goTo(screen: Screen): void {
  window.history.replaceState(null, '', screen === 'queue' ? window.location.pathname : `#/${screen}`);
  // A selection does not outlive its list.
  const left = useView.getState().screen !== screen;
  set({ screen, doctorAsked: 0, ...(left ? { selection: new Set(), activeId: null, anchorId: null } : {}) });
}

/** Puts trials side by side. */
export function compareTrials(trialIds: readonly number[]): void {
  goTo('experiments');
  set({ compared: trialIds, inspectedId: null });
}

/** Back to the table. */
export const endCompare = (): void => set({ compared: null });

/** Goes to the doctor, which examines the machine. */
export function askDoctor(): void {
  const { doctorAsked } = useView.getState();
  goTo('settings');
  set({ doctorAsked: doctorAsked + 1 });
}

export const toggleArchived = (): void => set((state) => ({ showArchived: !state.showArchived }));

export const openDialog = (dialog: Dialog): void => set({ dialog });
export const closeDialog = (): void => set({ dialog: null });
export const openMenuAt = (x: number, y: number, align: MenuPlace['align'] = 'start'): void =>
  set({ menu: { x, y, align, opener: document.activeElement } });

export function closeMenu(): void {
  const opener = useView.getState().menu?.opener;
  set({ menu: null });
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
}

export const showTab = (tab: InspectorTab): void => set({ tab });

/** Opens a trial in the inspector and selects it. */
export function inspect(trialId: number): void {
  set({ inspectedId: trialId, activeId: trialId, anchorId: trialId, selection: new Set([trialId]) });
}
export const closeInspector = (): void => set({ inspectedId: null });

/** Chooses the pool whose queue is shown; the selection does not outlive its queue. */
export function choosePool(poolId: string): void {
  set({ poolId, selection: new Set(), activeId: null, anchorId: null });
}

/** Folds or unfolds a part of the screen; remembered on this machine. */
export function toggleCollapsed(part: string): void {
  set((state) => {
    const collapsed = new Set(state.collapsed);
    if (!collapsed.delete(part)) collapsed.add(part);
    window.localStorage.setItem(COLLAPSED_KEY, [...collapsed].join(','));
    return { collapsed };
  });
}
