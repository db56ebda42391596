/** Logo, name, avatar and the button that leaves. */

import type { JSX } from 'preact';
import type { WidgetConfig } from '../../config.ts';
import type { Texts } from '../../locales/en.ts';
import { Icon } from './icons.tsx';

interface HeaderProps {
  config: WidgetConfig;
  texts: Texts;
  /** "minimise" while an embedded call runs, else "close". */
  leaves: 'close' | 'minimise';
  /** Null where there is nothing to leave for: the frame fills its own page. */
  onLeave: (() => void) | null;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

export function Header({ config, texts, leaves, onLeave }: HeaderProps): JSX.Element {
  const { branding, callOptions } = config;
  const name = config.agentName || config.companyName || texts.agent;
  const under = config.companyName !== name ? config.companyName : '';
  return (
    <header class="header">
      {callOptions.showAgentAvatar &&
        (callOptions.avatarUrl ? (
          <img class="avatar" src={callOptions.avatarUrl} alt="" />
        ) : (
          <span class="avatar" aria-hidden="true">
            {initials(name)}
          </span>
        ))}
      <div class="who">
        <h1 class="name">{name}</h1>
        {branding.logoUrl ? (
          <img class="logo" src={branding.logoUrl} alt={config.companyName} />
        ) : (
          under && <p class="company">{under}</p>
        )}
      </div>
      {onLeave && (
        <button type="button" class="icon-button" onClick={onLeave} aria-label={texts[leaves]} title={texts[leaves]}>
          <Icon name={leaves} />
        </button>
      )}
    </header>
  );
}
