/** The window's frame, menus and dialogs follow the theme the user chose for the page. */
import { nativeTheme } from 'electron';
import type { EngineMirror } from './engine-mirror.ts';

export function followTheme(mirror: EngineMirror): void {
  mirror.onChange(() => {
    const { theme } = mirror.settings();
    if (nativeTheme.themeSource !== theme) nativeTheme.themeSource = theme;
  });
}
