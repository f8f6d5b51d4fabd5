/** The menu of the selected trials; opens where the pointer is, below a button, or at the focused row. */
import { Menu } from '@mantine/core';
import { Fragment } from 'react';
import { useEngine } from '../api/store.ts';
import { TRIAL_ACTIONS } from '../shared/action-table.ts';
import { moveToPool, runAction, trialsOf } from '../shared/trial-actions.ts';
import { closeMenu, useView } from '../shared/view-state.ts';
import type { MenuPlace } from '../shared/view-state.ts';

export function TrialMenu() {
  const menu = useView((state) => state.menu);
  return menu === null ? null : <OpenMenu key={`${menu.x},${menu.y}`} menu={menu} />;
}

function OpenMenu({ menu }: { readonly menu: MenuPlace }) {
  const selection = useView((state) => state.selection);
  useEngine((state) => state.trials);
  useEngine((state) => state.elsewhere);
  const pools = useEngine((state) => state.pools);
  const trials = trialsOf(selection);
  if (trials.length === 0) return null;
  const offered = TRIAL_ACTIONS.filter((action) => action.applies(trials));
  const otherPools = pools.filter((pool) => trials.some((trial) => trial.poolId !== pool.id));
  const movable = trials.every((trial) => trial.state !== 'done');
  return (
    <Menu
      opened
      onChange={(opened) => {
        if (!opened) closeMenu();
      }}
      position={menu.align === 'end' ? 'bottom-end' : 'bottom-start'}
      offset={4}
      returnFocus={false}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-label="Trial menu"
          className="menu-anchor"
          style={{ left: menu.x, top: menu.y }}
        />
      </Menu.Target>
      <Menu.Dropdown
        aria-label={trials.length === 1 ? `Actions for trial ${trials[0]!.id}` : `Actions for ${trials.length} trials`}
      >
        {trials.length > 1 && <Menu.Label>{trials.length} trials</Menu.Label>}
        {offered.map((action, index) => (
          <Fragment key={action.id}>
            {index > 0 && offered[index - 1]!.group !== action.group && <Menu.Divider />}
            <Menu.Item
              {...(action.danger === true ? { className: 'danger-item' } : {})}
              title={action.hint}
              {...(index === 0 ? { 'data-autofocus': true } : {})}
              rightSection={action.keys === undefined ? undefined : <kbd aria-hidden="true">{action.keys}</kbd>}
              onClick={() => void runAction(action.id, trials)}
            >
              {action.label}
            </Menu.Item>
          </Fragment>
        ))}
        {movable && otherPools.length > 0 && (
          <>
            <Menu.Divider />
            {otherPools.map((pool) => (
              <Menu.Item key={pool.id} onClick={() => void moveToPool(trials, pool.id)}>
                Move to {pool.name}
                {pool.kind === 'cloud' && '…'}
              </Menu.Item>
            ))}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
