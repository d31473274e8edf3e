import type { Role } from '../api/types';
import { useSay } from '../text/language';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];
const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

interface Props {
  id?: string;
  label?: string;
  role: Role;
  /** Nobody gives more than they have. */
  most: Role;
  onChange: (role: Role) => void;
}

export function RoleSelect({ id, label, role, most, onChange }: Props) {
  const say = useSay();
  return (
    <select
      id={id}
      aria-label={label}
      value={role}
      onChange={(event) => {
        const chosen = ROLES.find((one) => one === event.target.value);
        if (chosen !== undefined) onChange(chosen);
      }}
    >
      {ROLES.filter((one) => RANK[one] <= RANK[most]).map((one) => (
        <option key={one} value={one}>
          {say(`web-role-${one}`)}
        </option>
      ))}
    </select>
  );
}
