/** Which places are told when this trial is done or has failed; nothing where no place is known. */
import { Switch } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Channel, TrialMessages } from '../../../electron/contract/messages.ts';
import { api } from '../../api/client.ts';
import { attempt } from '../../shared/toasts.tsx';
import { Button } from '../../ui/button.tsx';
import { isTold, switchChannel } from './tells.ts';

interface Known {
  readonly channels: readonly Channel[];
  readonly chosen: TrialMessages['channels'];
}

export function TrialMessageChoice({ trialId }: { readonly trialId: number }) {
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    Promise.all([api.channels(abort.signal), api.trialMessages(trialId, abort.signal)]).then(
      ([{ channels }, { channels: chosen }]) => setKnown({ channels, chosen }),
      // Of a trial that went, or an engine that is away, the inspector tells.
      () => undefined,
    );
    return () => abort.abort();
  }, [trialId]);
  if (known === null || known.channels.length === 0) return null;
  const { channels, chosen } = known;
  const choose = (wanted: TrialMessages['channels']): void => {
    // At once: a second switch builds on the first.
    setKnown({ channels, chosen: wanted });
    void attempt(() => api.setTrialMessages(trialId, { channels: wanted })).then((taken) => {
      if (!taken) setKnown(known);
    });
  };
  return (
    <section className="trial-messages" aria-label="Messages">
      <h3>Messages when it is done or has failed</h3>
      {channels.map((channel) => (
        <Switch
          key={channel.name}
          size="xs"
          label={
            <>
              {channel.name} <span className="dim">{channel.shown}</span>
              {chosen === null && channel.events === 'failed' && <span className="dim"> when it failed</span>}
            </>
          }
          checked={isTold(channel, chosen)}
          onChange={() => choose(switchChannel(channels, chosen, channel.name))}
        />
      ))}
      {chosen !== null && (
        <div>
          <Button size="small" onClick={() => choose(null)}>
            As the settings say
          </Button>
        </div>
      )}
    </section>
  );
}
