/** Ends the session here and everywhere, then offers to sign in again. */

import { useQueryClient } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { signOutEverywhere } from './cognito.ts';
import { session } from './session.ts';

export function Logout() {
  const cache = useQueryClient();
  const [done, setDone] = useState(false);
  useEffect(() => {
    const { accessToken } = session;
    session.end();
    cache.clear();
    // The tab is signed out either way; the other sessions end when the service can be reached.
    if (accessToken !== null) signOutEverywhere(accessToken).catch(() => undefined);
    setDone(true);
  }, [cache]);
  return done ? <Navigate to="/login" replace /> : null;
}
