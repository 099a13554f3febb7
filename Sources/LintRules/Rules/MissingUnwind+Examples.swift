import Findings

extension MissingUnwind {
  static let triggering: [RuleExample] = [
    // Among exits inside of a switch.
    RuleExample(
      """
      int command(struct foo *foo, int code, int size)
      {
      	int ret = 0;

      	switch (code) {
      	case 1:
      		if (size < 4) {
      			ret = -EINVAL;
      			goto out;
      		}
      		if (!foo->on) {
      			ret = -ENODEV;
      			goto out;
      		}
      		break;
      	case 2:
      		if (size < 8)
      			return -EINVAL; /* reported */
      		if (!foo->peer) {
      			ret = -ENOTCONN;
      			goto out;
      		}
      		break;
      	case 3:
      		if (size < 16) {
      			ret = -ENOSPC;
      			goto out;
      		}
      		if (foo->busy) {
      			ret = -EBUSY;
      			goto out;
      		}
      		break;
      	default:
      		if (foo->strict) {
      			ret = -EOPNOTSUPP;
      			goto out;
      		}
      		break;
      	}
      	answer(foo);
      	return 0;
      out:
      	refuse(foo, ret);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = get_one(foo);
      	if (ret)
      		return ret;
      	ret = get_two(foo);
      	if (ret)
      		goto put_one;
      	ret = get_three(foo);
      	if (ret)
      		return ret; /* reported */
      	ret = get_four(foo);
      	if (ret)
      		goto put_one;
      	return 0;
      put_one:
      	put_one(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      static int prepare_rings(struct vsi *vsi)
      {
      	int status;

      	status = vsi_setup_tx_rings(vsi);
      	if (status)
      		goto err_setup_tx_ring;
      	status = vsi_setup_rx_rings(vsi);
      	if (status)
      		goto err_setup_rx_ring;
      	status = vsi_cfg_lan(vsi);
      	if (status)
      		goto err_setup_rx_ring; /* reported */
      	status = vsi_start_all(vsi);
      	if (status)
      		goto err_start;
      	return 0;
      err_start:
      	vsi_free_rx_rings(vsi);
      err_setup_rx_ring:
      	vsi_stop_lan(vsi);
      err_setup_tx_ring:
      	vsi_free_tx_rings(vsi);
      	return status;
      }

      static int probe(struct hw *hw)
      {
      	int err;

      	err = core_init(hw);
      	if (err)
      		goto fail1;
      	err = bus_init(hw);
      	if (err)
      		goto fail2;
      	err = register_hw(hw);
      	if (err)
      		goto fail3;
      	err = decide_mode(hw);
      	if (err)
      		goto fail1; /* reported */
      	return 0;
      fail3:
      	bus_deinit(hw);
      fail2:
      	core_deinit(hw);
      fail1:
      	drop(hw);
      	return err;
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    // Who leaves so more than twice, or before anything else, has a habit.
    RuleExample(
      """
      int command(struct foo *foo, int code, int size)
      {
      	int ret = 0;

      	if (!foo)
      		return -EINVAL;
      	switch (code) {
      	case 1:
      		if (size < 4) {
      			ret = -EINVAL;
      			goto out;
      		}
      		if (!foo->on) {
      			ret = -ENODEV;
      			goto out;
      		}
      		if (!foo->peer) {
      			ret = -ENOTCONN;
      			goto out;
      		}
      		break;
      	case 2:
      		if (size < 8)
      			return -EINVAL;
      		break;
      	case 3:
      		if (size < 16) {
      			ret = -ENOSPC;
      			goto out;
      		}
      		if (foo->busy) {
      			ret = -EBUSY;
      			goto out;
      		}
      		if (foo->strict) {
      			ret = -EOPNOTSUPP;
      			goto out;
      		}
      		break;
      	}
      	answer(foo);
      	return 0;
      out:
      	refuse(foo, ret);
      	return ret;
      }
      """),
    // What is checked before anything else; a return that says so itself; a label that does nothing; few of them.
    RuleExample(
      """
      int command(struct foo *foo, int code, int size)
      {
      	int ret = 0;

      	if (!foo)
      		return -EINVAL;
      	switch (code) {
      	case 1:
      		if (size < 4) {
      			ret = -EINVAL;
      			goto out;
      		}
      		if (!foo->on) {
      			ret = -ENODEV;
      			goto out;
      		}
      		if (!foo->peer) {
      			ret = -ENOTCONN;
      			goto out;
      		}
      		break;
      	case 2:
      		if (size < 8) {
      			refuse(foo, -EINVAL);
      			return -EINVAL;
      		}
      		break;
      	case 3:
      		if (size < 16) {
      			ret = -ENOSPC;
      			goto out;
      		}
      		if (foo->busy) {
      			ret = -EBUSY;
      			goto out;
      		}
      		if (foo->strict) {
      			ret = -EOPNOTSUPP;
      			goto out;
      		}
      		break;
      	}
      	answer(foo);
      	return 0;
      out:
      	refuse(foo, ret);
      	return ret;
      }

      int ask(struct foo *foo, int code, int size)
      {
      	int ret = 0;

      	switch (code) {
      	case 1:
      		if (size < 4) {
      			ret = -EINVAL;
      			goto out;
      		}
      		if (size < 8)
      			return -EINVAL;
      		if (size < 9) {
      			ret = -ENOSPC;
      			goto out;
      		}
      		break;
      	}
      	answer(foo);
      	return 0;
      out:
      	refuse(foo, ret);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = get_one(foo);
      	if (ret)
      		return ret;
      	ret = get_two(foo);
      	if (ret)
      		goto put_one;
      	return 0;
      put_one:
      	put_one(foo);
      	return ret;
      }

      int g(struct foo *foo)
      {
      	struct item *item;
      	int ret;

      	if (foo->n > 4)
      		goto unlock;
      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	item = item_get(foo);
      	ret = use(item);
      	if (ret)
      		goto put;
      	return 0;
      put:
      	item_put(item);
      unlock:
      	foo_unlock(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, bool enable)
      {
      	int ret;

      	if (!enable)
      		goto disable;
      	ret = get_one(foo);
      	if (ret)
      		return ret;
      	ret = get_two(foo);
      	if (ret)
      		goto disable;
      	return 0;
      disable:
      	foo_disable(foo);
      	return ret;
      }

      int g(struct foo *foo)
      {
      	int ret;

      	ret = get_one(foo);
      	if (ret)
      		goto out;
      	ret = get_two(foo);
      	if (ret)
      		return ret;
      	ret = get_three(foo);
      	if (ret)
      		goto disable;
      	return 0;
      out:
      	return ret;
      disable:
      	foo_disable(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      static int bt_probe(struct bt *bt)
      {
      	int result;

      	result = request_irq(bt->irq, bt_irq, 0, "bt", bt);
      	if (result == -EBUSY)
      		goto fail1;
      	if (result < 0)
      		goto fail1;
      	result = bt_mem_alloc(bt);
      	if (result)
      		goto fail2;
      	return 0;
      fail2:
      	free_irq(bt->irq, bt);
      fail1:
      	pci_disable(bt->dev);
      	return result;
      }

      static int bt_resume(struct bt *bt)
      {
      	int rc;

      	rc = pci_enable_device(bt->dev);
      	if (rc && !bt->msi)
      		rc = pci_enable_device(bt->dev);
      	if (rc)
      		goto stop;
      	rc = bt_start(bt);
      	if (rc)
      		goto disable;
      	return 0;
      disable:
      	pci_disable_device(bt->dev);
      stop:
      	bt_stop(bt);
      	return rc;
      }

      static int bt_send(struct bt *bt, int n)
      {
      	struct sk_buff *skb;
      	int err;

      	skb = alloc_skb(n, GFP_KERNEL);
      	if (!skb)
      		return -ENOMEM;
      	err = bt_fill(bt);
      	if (err < 0)
      		goto free;
      	err = bt_xmit(bt, skb);
      	if (err < 0)
      		goto out;
      	return 0;
      free:
      	kfree_skb(skb);
      out:
      	bt_stop(bt);
      	return err;
      }
      """),
  ]
}
