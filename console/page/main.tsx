import { render } from 'preact';
import { keepToken } from './parts/api.ts';
import { Shell } from './Shell.tsx';
import '@picocss/pico/css/pico.min.css';
import './styles.css';

keepToken();
const root = document.getElementById('page');
if (root !== null) render(<Shell />, root);
