/** How the component library looks here. Its variables come from a static file (ui/mantine.css): no style is injected. */
import {
  createTheme,
  Drawer,
  Menu,
  Modal,
  NativeSelect,
  NumberInput,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';

// Scroll locking would inject a style element and is not needed: the page itself never scrolls.
const still = { lockScroll: false, transitionProps: { duration: 80 } };

export const theme = createTheme({
  fontFamily: 'inherit',
  defaultRadius: 6,
  components: {
    Modal: Modal.extend({
      defaultProps: { ...still, centered: false, yOffset: '8vh', overlayProps: { backgroundOpacity: 0.35 } },
    }),
    Drawer: Drawer.extend({ defaultProps: still }),
    Menu: Menu.extend({
      defaultProps: {
        shadow: 'md',
        transitionProps: { duration: 60 },
        position: 'bottom-start',
        withInitialFocusPlaceholder: false,
        portalProps: { target: '#menus' },
      },
    }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'xs', hideControls: true } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs' } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'xs' } }),
    TagsInput: TagsInput.extend({ defaultProps: { size: 'xs' } }),
    Switch: Switch.extend({ defaultProps: { size: 'xs', withThumbIndicator: false } }),
  },
});
