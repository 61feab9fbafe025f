import { mount } from './shell/mount';
import { Console } from './shell/Console';

void mount(<Console />);
