/** The selected trial at the right: what it is, what can be done, and everything it has produced. */
import { Tabs } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { Trial } from '../../../electron/contract/trials.ts';
import { findTrial, useEngine } from '../../api/store.ts';
import { IconButton } from '../../ui/button.tsx';
import { closeInspector, showTab, useView } from '../../shared/view-state.ts';
import type { InspectorTab } from '../../shared/view-state.ts';
import { CheckpointsTab } from './checkpoints-tab.tsx';
import { CodeTab } from './code-tab.tsx';
import { ConfigTab } from './config-tab.tsx';
import { HistoryTab } from './history-tab.tsx';
import { LogTab } from './log/log-tab.tsx';
import { MetricsTab } from './metrics-tab.tsx';
import { TrialHeader } from './trial-header.tsx';
import { useDetail } from './use-detail.ts';

export function Inspector() {
  const id = useView((state) => state.inspectedId);
  const trial = useEngine((state) => (id === null ? undefined : findTrial(state, id)));
  if (trial === undefined) return null;
  return <TrialInspector key={trial.id} trial={trial} />;
}

function TrialInspector({ trial }: { readonly trial: Trial }) {
  const tab = useView((state) => state.tab);
  const { detail, error } = useDetail(trial);
  return (
    <aside className="inspector" aria-label={`Trial ${trial.id}`}>
      <IconButton label="Close the inspector" className="inspector-close" onClick={closeInspector}>
        <IconX size={15} aria-hidden="true" />
      </IconButton>
      <TrialHeader trial={trial} detail={detail} />
      {error !== null && (
        <p className="inline-error" role="alert">
          {error.message} {error.remedy}
        </p>
      )}
      <Tabs
        value={tab}
        onChange={(value) => showTab((value ?? 'log') as InspectorTab)}
        className="inspector-tabs"
        keepMounted={false}
      >
        <Tabs.List aria-label="Parts of the trial">
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="metrics">Metrics</Tabs.Tab>
          <Tabs.Tab value="config">Configuration</Tabs.Tab>
          <Tabs.Tab value="checkpoints">
            Checkpoints{detail !== null && detail.checkpoints.length > 0 ? ` ${detail.checkpoints.length}` : ''}
          </Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="code">Code</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log">
          <LogTab trial={trial} detail={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="metrics">
          <MetricsTab trial={trial} />
        </Tabs.Panel>
        <Tabs.Panel value="config">
          <ConfigTab detail={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="checkpoints">
          <CheckpointsTab detail={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryTab detail={detail} />
        </Tabs.Panel>
        <Tabs.Panel value="code">
          <CodeTab detail={detail} />
        </Tabs.Panel>
      </Tabs>
    </aside>
  );
}
