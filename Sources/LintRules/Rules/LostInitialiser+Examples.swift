import Findings

extension LostInitialiser {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        static int set(struct foo *foo, struct attr *targets)
        {
        	struct attr *attr;
        	int i = 0;
        	int err = 0;

        	if (foo->mode) {
        		err = set_mode(foo);
        		if (err)
        			return err;
        	}
        	for_each_attr(attr, targets) {
        		err = add_target(foo, attr);
        		if (err)
        			break;
        		i++;
        	}
        	if (i == 0)
        		count(foo);
        	if (err)
        		return err;
        	return 0;
        }

        static int start(struct foo *foo)
        {
        	struct vars *vars = kmalloc(sizeof(*vars), GFP_ATOMIC);

        	if (!vars)
        		return -ENOMEM;
        	memcpy(vars->session, foo->session, sizeof(vars->session));
        	vars->window = 3;
        	vars->drop = 0;
        	foo->vars = vars;
        	return 0;
        }

        static void update(struct vars *vars)
        {
        	vars->drop += vars->window;
        }

        static int params(struct foo *foo)
        {
        	struct config config = {0};

        	params_to_config(foo, &config);
        	return add_stream(foo, &config);
        }
        """,
      after: """
        static int set(struct foo *foo, struct attr *targets)
        {
        	struct attr *attr;
        	int i = 0;
        	int err;

        	if (foo->mode) {
        		err = set_mode(foo);
        		if (err)
        			return err;
        	}
        	for_each_attr(attr, targets) {
        		err = add_target(foo, attr);
        		if (err)
        			break;
        		i++;
        	}
        	if (i == 0)
        		count(foo);
        	if (err) /* reported */
        		return err;
        	return 0;
        }

        static int start(struct foo *foo)
        {
        	struct vars *vars = kmalloc(sizeof(*vars), GFP_ATOMIC); /* reported */

        	if (!vars)
        		return -ENOMEM;
        	memcpy(vars->session, foo->session, sizeof(vars->session));
        	vars->window = 3;
        	foo->vars = vars;
        	return 0;
        }

        static void update(struct vars *vars)
        {
        	vars->drop += vars->window;
        }

        static int params(struct foo *foo)
        {
        	struct config config;

        	params_to_config(foo, &config);
        	return add_stream(foo, &config); /* reported */
        }
        """),
    RuleExample(
      before: """
        int wrap(struct foo *foo)
        {
        	void *buffer = (void *)get_zeroed_page(GFP_NOFS);

        	if (!buffer)
        		return -ENOMEM;
        	return fill(foo, buffer);
        }
        """,
      after: """
        int wrap(struct foo *foo)
        {
        	void *buffer = (void *)__get_free_pages(GFP_NOFS, 0); /* reported */

        	if (!buffer)
        		return -ENOMEM;
        	return fill(foo, buffer);
        }
        """),
    RuleExample(
      before: """
        int upload(char __user *buffer, const struct full *full)
        {
        	struct compat compat;

        	memset(&compat, 0, sizeof(compat));
        	compat.id = full->id;
        	memcpy(&compat.effect, &full->effect, sizeof(compat.effect));
        	if (copy_to_user(buffer, &compat, sizeof(compat)))
        		return -EFAULT;
        	return 0;
        }

        int notify(struct msghdr *header, struct foo *foo)
        {
        	struct event event;

        	memset(&event, 0, sizeof(event));
        	event.token = foo->token;
        	event.status = foo->status;
        	return put_cmsg(header, SOL_FOO, FOO_EVENT, sizeof(event), &event);
        }

        void fill(struct nlmsghdr *header, struct foo *foo)
        {
        	struct tcmsg *tcm = nlmsg_data(header);

        	tcm->family = AF_UNSPEC;
        	tcm->info = 0;
        	tcm->index = foo->index;
        }
        """,
      after: """
        int upload(char __user *buffer, const struct full *full)
        {
        	struct compat compat; /* reported */

        	compat.id = full->id;
        	memcpy(&compat.effect, &full->effect, sizeof(compat.effect));
        	if (copy_to_user(buffer, &compat, sizeof(compat)))
        		return -EFAULT;
        	return 0;
        }

        int notify(struct msghdr *header, struct foo *foo)
        {
        	struct event event = { 0 }; /* reported */

        	event.token = foo->token;
        	event.status = foo->status;
        	return put_cmsg(header, SOL_FOO, FOO_EVENT, sizeof(event), &event);
        }

        void fill(struct nlmsghdr *header, struct foo *foo)
        {
        	struct tcmsg *tcm = nlmsg_data(header); /* reported */

        	tcm->family = AF_UNSPEC;
        	tcm->index = foo->index;
        }
        """),
    RuleExample(
      before: """
        int change(struct foo *foo, struct nlattr **data)
        {
        	struct nlattr *item;
        	int rem, err = 0;

        	if (data[FOO_MODE]) {
        		err = set_mode(foo, data[FOO_MODE]);
        		if (err)
        			return err;
        	}
        	if (data[FOO_TARGETS]) {
        		nla_for_each_nested(item, data[FOO_TARGETS], rem) {
        			err = set_target(foo, item);
        			if (err)
        				break;
        		}
        		if (err)
        			return err;
        	}
        	return 0;
        }
        """,
      after: """
        int change(struct foo *foo, struct nlattr **data)
        {
        	struct nlattr *item;
        	int rem, err;

        	if (data[FOO_MODE]) {
        		err = set_mode(foo, data[FOO_MODE]);
        		if (err)
        			return err;
        	}
        	if (data[FOO_TARGETS]) {
        		nla_for_each_nested(item, data[FOO_TARGETS], rem) {
        			err = set_target(foo, item);
        			if (err)
        				break;
        		}
        		if (err) /* reported */
        			return err;
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, u16 *states)
        {
        	struct box box;
        	int ret;

        	memset(&box, 0, sizeof(box));
        	box.command = 3;
        	ret = run(foo, &box);
        	states[0] = box.result;
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo, u16 *states)
        {
        	struct box box; /* reported */
        	int ret;

        	box.command = 3;
        	ret = run(foo, &box);
        	states[0] = box.result;
        	return ret;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	struct eeprom eeprom = {};
        	u16 value;

        	eeprom.data = foo;
        	eeprom.width = 8;
        	eeprom_read(&eeprom, 6, &value);
        	foo->value = value;
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	struct eeprom eeprom;
        	u16 value;

        	eeprom.data = foo;
        	eeprom.width = 8;
        	eeprom_read(&eeprom, 6, &value); /* reported */
        	foo->value = value;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int i, ret = 0;

        	for (i = 0; i < foo->n; i++) {
        		ret = run(foo, i);
        		if (ret)
        			break;
        	}
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int i, ret;

        	for (i = 0; i < foo->n; i++) {
        		ret = run(foo, i);
        		if (ret)
        			break;
        	}
        	return ret; /* reported */
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	u8 value = 0;

        	read_one(foo, &value);
        	foo->value = value;
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	u8 value;

        	read_one(foo, &value);
        	foo->value = value; /* reported */
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, void __user *to)
        {
        	struct info info = {};

        	fill(foo, &info);
        	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
        }
        """,
      after: """
        int f(struct foo *foo, void __user *to)
        {
        	struct info info;

        	fill(foo, &info);
        	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0; /* reported */
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, struct meta *given)
        {
        	struct meta own = {};
        	struct meta *meta = &own;

        	if (given)
        		meta = given;
        	return send(foo, meta);
        }
        """,
      after: """
        int f(struct foo *foo, struct meta *given)
        {
        	struct meta own;
        	struct meta *meta = &own; /* reported */

        	if (given)
        		meta = given;
        	return send(foo, meta);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct entry *entry = kzalloc(foo->size, GFP_NOFS);

        	if (!entry)
        		return -ENOMEM;
        	foo->list = kmalloc_array(foo->n, 8, GFP_KERNEL | __GFP_ZERO);
        	get_reference(foo, &entry->reference);
        	foo->entry = entry;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct entry *entry = kmalloc(foo->size, GFP_NOFS); /* reported */

        	if (!entry)
        		return -ENOMEM;
        	foo->list = kmalloc_array(foo->n, 8, GFP_KERNEL); /* reported */
        	get_reference(foo, &entry->reference);
        	foo->entry = entry;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo, struct vlan *vlan)
        {
        	vlan->id = htons(foo->id);
        	vlan->crc = htonl(foo->crc);
        	vlan->reserved = 0;
        	vlan++;
        }
        """,
      after: """
        void f(struct foo *foo, struct vlan *vlan)
        {
        	vlan->id = htons(foo->id);
        	vlan->crc = htonl(foo->crc); /* reported */
        	vlan++;
        }
        """),
    RuleExample(
      before: """
        static struct session *make(struct foo *foo)
        {
        	struct session *session = kmalloc(sizeof(*session), GFP_ATOMIC);

        	if (!session)
        		return NULL;
        	session->foo = foo;
        	WRITE_ONCE(session->last_time, jiffies);
        	add(foo, session);
        	return session;
        }

        static bool is_old(struct session *session)
        {
        	return time_after(jiffies, session->last_time + HZ);
        }

        int set_address(struct net_device *dev, struct foo *foo)
        {
        	u8 address[ETH_ALEN] = {};

        	if (foo->ops->get_address)
        		foo->ops->get_address(foo, address);
        	if (!is_valid_ether_addr(address))
        		eth_hw_addr_random(dev);
        	return 0;
        }
        """,
      after: """
        static struct session *make(struct foo *foo)
        {
        	struct session *session = kmalloc(sizeof(*session), GFP_ATOMIC); /* reported */

        	if (!session)
        		return NULL;
        	session->foo = foo;
        	add(foo, session);
        	return session;
        }

        static bool is_old(struct session *session)
        {
        	return time_after(jiffies, session->last_time + HZ);
        }

        int set_address(struct net_device *dev, struct foo *foo)
        {
        	u8 address[ETH_ALEN];

        	if (foo->ops->get_address)
        		foo->ops->get_address(foo, address);
        	if (!is_valid_ether_addr(address)) /* reported */
        		eth_hw_addr_random(dev);
        	return 0;
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      before: """
        static int params(struct foo *foo)
        {
        	struct config config = {0};
        	struct config other = {0};
        	struct config third = {0};

        	params_to_config(foo, &config);
        	config_init(foo, &other);
        	add_stream(foo, &other);
        	fill(foo, &third);
        	third = foo->config;
        	return add_stream(foo, &third);
        }

        static void start(struct foo *foo)
        {
        	struct vars *vars = kmalloc(sizeof(*vars), GFP_ATOMIC);

        	memcpy(vars, foo->vars, sizeof(*vars));
        	vars->window = 3;
        	vars->drop = 0;
        	foo->vars = vars;
        }

        static void update(struct vars *vars)
        {
        	vars->drop += vars->window;
        }
        """,
      after: """
        static int params(struct foo *foo)
        {
        	struct config config;
        	struct config other;
        	struct config third;

        	params_to_config(foo, &config);
        	config_init(foo, &other);
        	add_stream(foo, &other);
        	fill(foo, &third);
        	third = foo->config;
        	return add_stream(foo, &third);
        }

        static void start(struct foo *foo)
        {
        	struct vars *vars = kmalloc(sizeof(*vars), GFP_ATOMIC);

        	memcpy(vars, foo->vars, sizeof(*vars));
        	vars->window = 3;
        	foo->vars = vars;
        }

        static void update(struct vars *vars)
        {
        	vars->drop += vars->window;
        }
        """),
    // It starts empty and stays here; all of it is copied over; the message is cleared as a whole.
    RuleExample(
      before: """
        int look(struct foo *foo)
        {
        	struct event event;

        	memset(&event, 0, sizeof(event));
        	event.token = foo->token;
        	return send(foo, &event);
        }

        int upload(char __user *buffer, const struct compat *full)
        {
        	struct compat compat;

        	memset(&compat, 0, sizeof(compat));
        	memcpy(&compat, full, sizeof(compat));
        	compat.id = 3;
        	return copy_to_user(buffer, &compat, sizeof(compat)) ? -EFAULT : 0;
        }

        void fill(struct nlmsghdr *header, struct foo *foo)
        {
        	struct tcmsg *tcm = nlmsg_data(header);

        	memset(tcm, 0, sizeof(*tcm));
        	tcm->family = AF_UNSPEC;
        	tcm->info = 0;
        }
        """,
      after: """
        int look(struct foo *foo)
        {
        	struct event event = { 0 };

        	event.token = foo->token;
        	return send(foo, &event);
        }

        int upload(char __user *buffer, const struct compat *full)
        {
        	struct compat compat;

        	memcpy(&compat, full, sizeof(compat));
        	compat.id = 3;
        	return copy_to_user(buffer, &compat, sizeof(compat)) ? -EFAULT : 0;
        }

        void fill(struct nlmsghdr *header, struct foo *foo)
        {
        	struct tcmsg *tcm = nlmsg_data(header);

        	memset(tcm, 0, sizeof(*tcm));
        	tcm->family = AF_UNSPEC;
        }
        """),
    RuleExample(
      before: """
        int change(struct foo *foo, struct nlattr **data)
        {
        	struct nlattr *item;
        	int rem, err = 0;

        	if (data[FOO_MODE]) {
        		err = set_mode(foo, data[FOO_MODE]);
        		if (err)
        			return err;
        	}
        	if (data[FOO_TARGETS]) {
        		err = clear(foo);
        		nla_for_each_nested(item, data[FOO_TARGETS], rem)
        			err = set_target(foo, item);
        		if (err)
        			return err;
        	}
        	return 0;
        }
        """,
      after: """
        int change(struct foo *foo, struct nlattr **data)
        {
        	struct nlattr *item;
        	int rem, err;

        	if (data[FOO_MODE]) {
        		err = set_mode(foo, data[FOO_MODE]);
        		if (err)
        			return err;
        	}
        	if (data[FOO_TARGETS]) {
        		err = clear(foo);
        		nla_for_each_nested(item, data[FOO_TARGETS], rem)
        			err = set_target(foo, item);
        		if (err)
        			return err;
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct box box;

        	memset(&box, 0, sizeof(box));
        	box.command = 3;
        	return run(foo, &box);
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct box box = { .command = 3 };

        	return run(foo, &box);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct stat stat = {};
        	int ret = get_stat(foo, &stat);

        	stat.n++;
        	return ret ? ret : send(foo, &stat);
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct stat stat;
        	int ret = get_stat(foo, &stat);

        	stat.n++;
        	return ret ? ret : send(foo, &stat);
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	struct eeprom eeprom = {};

        	eeprom.width = 8;
        	eeprom_write(&eeprom, 6);
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	struct eeprom eeprom;

        	memset(&eeprom, 0, sizeof(eeprom));
        	eeprom.width = 8;
        	eeprom_write(&eeprom, 6);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct meta own = {};
        	struct meta *meta = &own;

        	meta->n = foo->n;
        	return send(foo, meta);
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct meta own;
        	struct meta *meta = &own;

        	meta->n = foo->n;
        	return send(foo, meta);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, void __user *to)
        {
        	struct info info = {};

        	fill(foo, &info);
        	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
        }
        """,
      after: """
        int f(struct foo *foo, void __user *to)
        {
        	struct info info;

        	memset(&info, 0, sizeof(info));
        	fill(foo, &info);
        	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret = 0;

        	if (foo->on)
        		ret = start(foo);
        	else
        		ret = stop(foo);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret;

        	if (foo->on)
        		ret = start(foo);
        	else
        		ret = stop(foo);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int value = 0;
        	int ret;

        	ret = read_one(foo, &value);
        	if (ret)
        		return ret;
        	return value;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int value;
        	int ret;

        	ret = read_one(foo, &value);
        	if (ret)
        		return ret;
        	return value;
        }
        """),
    // Set wherever it is read, by the same question; there is no loop.
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret = 0;

        	if (foo->on)
        		ret = start(foo);
        	count(foo);
        	if (foo->on)
        		return ret;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret;

        	if (foo->on)
        		ret = start(foo);
        	count(foo);
        	if (foo->on)
        		return ret;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, struct vlan *vlan)
        {
        	foo->data = kzalloc(foo->size, GFP_KERNEL);
        	foo->copy = kzalloc(foo->size, GFP_KERNEL);
        	vlan->id = foo->id;
        	vlan->reserved = 0;
        	vlan->n = 0;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo, struct vlan *vlan)
        {
        	foo->data = kmalloc(foo->size, GFP_KERNEL);
        	memcpy(foo->data, foo->from, foo->size);
        	foo->copy = kvzalloc(foo->size, GFP_KERNEL);
        	memset(vlan, 0, sizeof(*vlan));
        	vlan->id = foo->id;
        	return 0;
        }
        """),
    // Zeroed anyway; looked at by nobody; filled on every way.
    RuleExample(
      before: """
        static struct session *make(struct foo *foo)
        {
        	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

        	if (!session)
        		return NULL;
        	session->last_time = 0;
        	session->unused_time = jiffies;
        	session->foo = foo;
        	return session;
        }

        static bool is_old(struct session *session)
        {
        	session->unused_time = 0;
        	return time_after(jiffies, session->last_time + HZ);
        }

        int set_address(struct net_device *dev, struct foo *foo)
        {
        	u8 address[ETH_ALEN] = {};

        	if (foo->ops->get_address)
        		foo->ops->get_address(foo, address);
        	else
        		eth_random_addr(address);
        	return set(dev, address);
        }
        """,
      after: """
        static struct session *make(struct foo *foo)
        {
        	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

        	if (!session)
        		return NULL;
        	session->foo = foo;
        	return session;
        }

        static bool is_old(struct session *session)
        {
        	session->unused_time = 0;
        	return time_after(jiffies, session->last_time + HZ);
        }

        int set_address(struct net_device *dev, struct foo *foo)
        {
        	u8 address[ETH_ALEN];

        	if (foo->ops->get_address)
        		foo->ops->get_address(foo, address);
        	else
        		eth_random_addr(address);
        	return set(dev, address);
        }
        """),
  ]
}
