/** The menu of the right mouse button: copying in logs, the usual of text fields. Electron has none of its own. */
import { Menu, type MenuItemConstructorOptions, type WebContents } from 'electron';
import { contextMenuOf } from './context-menu-policy.ts';

export function offerContextMenu(contents: WebContents): void {
  contents.on('context-menu', (_event, params) => {
    const roles = contextMenuOf({
      isEditable: params.isEditable,
      hasSelection: params.selectionText.trim() !== '',
      canPaste: params.editFlags.canPaste,
    });
    if (roles.length === 0) return;
    Menu.buildFromTemplate(roles.map((role): MenuItemConstructorOptions => ({ role }))).popup();
  });
}
