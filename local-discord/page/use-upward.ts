import { type RefObject, useLayoutEffect, useState } from 'react';

/** What opens below its button opens above it where there is no room below.
 *
 *  @param opened what opens, laid out below
 *  @returns whether it belongs above; decided before it is painted */
export function useUpward(opened: RefObject<HTMLElement | null>, isOpen: boolean): boolean {
  const [isUpward, setUpward] = useState(false);
  useLayoutEffect(() => {
    const element = opened.current;
    if (!isOpen || !element) return setUpward(false);
    const bottom = element.closest('.scroller')?.getBoundingClientRect().bottom ?? innerHeight;
    setUpward(element.getBoundingClientRect().bottom > bottom);
  }, [opened, isOpen]);
  return isUpward;
}
