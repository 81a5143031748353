/** Texts of the map, in English. */
export const mapEn = {
  nav: 'Map',
  heading: 'Map of the library',
  making: 'The map is being made, which takes a minute or two the first time. It appears here.',
  colourBy: 'Colours',
  by: { cluster: 'Groups', artist: 'Artists', album: 'Albums' },
  cluster: (number: string) => `Group ${number}`,
  others: 'Others',
  hearPointed: 'Hear what is pointed at',
  lasso: 'Draw around tracks',
  larger: 'Enlarge',
  smaller: 'Reduce',
  showAll: 'Show all',
  canvas: (tracks: string) =>
    `Map of ${tracks}. Arrows move it, plus and minus enlarge and reduce it, 0 shows all. The tracks in view are listed below.`,
  keys: 'Wheel or pinch to enlarge, drag to move, click a point to open its track. Drag with Shift to draw around tracks.',
  inView: 'Tracks in the middle of the map',
  selected: (tracks: string) => `${tracks} selected`,
  more: (amount: number) => `and ${amount} more`,
  askWithFirst: (amount: number) => `Ask with the first ${amount}`,
  clear: 'Clear the selection',
};
