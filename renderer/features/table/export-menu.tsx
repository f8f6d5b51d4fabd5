/** The table as a file: all rows that fit, with the columns in sight. */
import { Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import type { CellValue, TableQuestion } from '../../../electron/contract/table.ts';
import { writeCsv, writeJson, writeMarkdown, type TextTable } from '../../../electron/text/write-table.ts';
import { api } from '../../api/client.ts';
import { attempt, toastDone } from '../../shared/toasts.tsx';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import type { ShownColumn } from './columns.ts';

/** The engine's most rows of one answer. */
const PIECE = 500;

const KINDS = {
  csv: { label: 'CSV', type: 'text/csv', write: writeCsv },
  json: { label: 'JSON', type: 'application/json', write: writeJson },
  md: { label: 'Markdown', type: 'text/markdown', write: writeMarkdown },
} as const;
type Kind = keyof typeof KINDS;

export interface ExportMenuProps {
  readonly question: TableQuestion;
  readonly columns: readonly ShownColumn[];
  readonly total: number;
}

export function ExportMenu({ question, columns, total }: ExportMenuProps) {
  const [busy, setBusy] = useState(false);
  const save = (kind: Kind): void => {
    setBusy(true);
    void attempt(async () => {
      const text = KINDS[kind].write(await readAll(question, columns));
      saveFile(`experiments.${kind}`, KINDS[kind].type, text);
      toastDone(`Exported ${plural(total, 'trial')}`);
    }).finally(() => setBusy(false));
  };
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button size="small" disabled={busy || total === 0} aria-haspopup="menu">
          <IconDownload size={14} aria-hidden="true" />
          {busy ? 'Exporting…' : 'Export'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label="Export as">
        {(Object.keys(KINDS) as Kind[]).map((kind) => (
          <Menu.Item key={kind} onClick={() => save(kind)}>
            {KINDS[kind].label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Reads on in one order: what changes meanwhile is neither left out nor there twice. */
async function readAll(question: TableQuestion, columns: readonly ShownColumn[]): Promise<TextTable> {
  const ids = ['id', 'name', ...columns.map(({ id }) => id)];
  const rows: CellValue[][] = [];
  let order: string | null = null;
  for (let offset = 0, length = 1; offset < length; offset += PIECE) {
    const answer = await api.table({ ...question, group: null, columns: ids, order, offset, limit: PIECE });
    ({ order, length } = answer);
    for (const item of answer.items) if (item.kind === 'trial') rows.push(item.cells);
  }
  return { headings: ['trial', 'name', ...columns.map(({ heading }) => heading)], rows };
}

function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.download = name;
  link.href = url;
  link.click();
  URL.revokeObjectURL(url);
}
