import { type RefObject, useLayoutEffect, useState } from 'react';

/** Opens a list or menu above its button when there is no room below.
 *
 *  @param opened the list or menu, laid out below
 *  @returns whether to open it above; decided before painting */
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
