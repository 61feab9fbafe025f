// Mantine's theme, with every text colour at 4.5:1 or better on its ground.
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const key: MantineColorsTuple = ['#eef1ff', '#dde2fb', '#b9c3f4', '#93a2ee', '#7386e8', '#5f74e5', '#4a5fd6', '#3a4fc6', '#2f44c4', '#2236a0'];

export const theme = createTheme({
  colors: { key },
  primaryColor: 'key',
  primaryShade: { light: 8, dark: 7 },
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  headings: { fontWeight: '600', sizes: { h3: { fontSize: '20px', lineHeight: '28px' }, h5: { fontSize: '14px', lineHeight: '20px' } } },
  defaultRadius: 6,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', allowDeselect: false } },
    Modal: { defaultProps: { radius: 10, padding: 'lg', transitionProps: { duration: 120 } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    // In the page's own part, so that what opens lies in a landmark; a menu holds nothing but its items.
    Popover: { defaultProps: { portalProps: { target: '#main' } } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 }, withInitialFocusPlaceholder: false } },
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#1b1d24',
    '--mantine-color-dimmed': '#5b6070',
    '--mantine-color-placeholder': '#6a7080',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': '#2f44c4',
    '--mantine-color-red-6': '#b42318',
    '--mantine-color-red-filled': '#b42318',
    '--mantine-color-red-filled-hover': '#952018',
    '--mantine-color-default-border': '#d5d8e0',
    '--mantine-color-body': '#ffffff',
  },
  dark: {
    '--mantine-color-text': '#e6e8ee',
    '--mantine-color-dimmed': '#a3a9b8',
    '--mantine-color-placeholder': '#939aaa',
    '--mantine-color-error': '#ff9b8f',
    '--mantine-color-anchor': '#aab6ff',
    '--mantine-color-red-6': '#ff9b8f',
    '--mantine-color-red-filled': '#b42318',
    '--mantine-color-red-filled-hover': '#c9372b',
    '--mantine-color-default': '#1d2027',
    '--mantine-color-default-hover': '#272b34',
    '--mantine-color-default-border': '#363b47',
    '--mantine-color-body': '#14161b',
  },
});
