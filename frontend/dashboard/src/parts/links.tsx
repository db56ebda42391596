/** The kit's controls as typed links of the router. */

import { ActionIcon, Anchor, Button, NavLink, Tabs } from '@mantine/core';
import type { ActionIconProps, AnchorProps, ButtonProps, NavLinkProps, TabsTabProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { forwardRef } from 'react';

type Native<P> = Omit<P, 'href'> & { 'aria-label'?: string };

export const TextLink = createLink(
  forwardRef<HTMLAnchorElement, Native<AnchorProps>>((props, ref) => <Anchor ref={ref} {...props} />),
);
export const ButtonLink = createLink(
  forwardRef<HTMLAnchorElement, Native<ButtonProps>>((props, ref) => <Button ref={ref} component="a" {...props} />),
);
export const IconLink = createLink(
  forwardRef<HTMLAnchorElement, Native<ActionIconProps>>((props, ref) => <ActionIcon ref={ref} component="a" {...props} />),
);
export const SideLink = createLink(
  forwardRef<HTMLAnchorElement, Native<NavLinkProps>>((props, ref) => <NavLink ref={ref} component="a" {...props} />),
);
export type { TabsTabProps };
export { Tabs };
