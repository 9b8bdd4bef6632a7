package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/identity"
)

func staffCommand() *cobra.Command {
	return group("staff", "人员与角色 (people and their roles)",
		"  tongban staff list --division 330523110\n  tongban staff add --login jiazi-daiban --name 代办员 --division 330523110200 --role village_worker",
		staffListCommand(), staffAddCommand(), staffRolesCommand(), staffDisableCommand(true), staffDisableCommand(false), staffResetCommand(), staffRosterCommand(), staffSubstituteCommand())
}

func staffListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "人员列表 (the people)",
		Example: "  tongban staff list\n  tongban staff list --division 330523110 --role township_clerk",
		Args:    noArguments,
	}
	place := cmd.Flags().String("division", "", "区划 (division)")
	completeFlag(cmd, "division", completeDivisions)
	role := cmd.Flags().String("role", "", "角色 (role)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("division", *place)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.ListStaff(cmd.Context(), &client.ListStaffParams{Division: code, Role: identity.Role(*role)})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.StaffList) {
			t := newTable(c.pick("编号", "ID"), c.pick("登录名", "LOGIN"), c.pick("姓名", "NAME"), c.pick("区划", "DIVISION"), c.pick("部门", "DEPARTMENT"), c.pick("角色", "ROLES"), c.pick("状态", "STATE"))
			for _, s := range v.Staff {
				t.row(s.Id, s.Login, s.Name, string(s.Division), s.Department, joined(s.Roles), staffState(c.language, &s))
			}
			t.write(w, c.language)
		})
	})
}

func staffState(lang language, s *client.Staff) string {
	switch {
	case s.Disabled:
		return lang.pick("已停用", "disabled")
	case s.MustChangePassword:
		return lang.pick("待改密码", "must change password")
	}
	return ""
}

func staffAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "新增人员 (take a person on)",
		Long: `新增人员。不给密码文件则由节点生成初始密码，只显示这一次；首次登录须修改。
Takes a person on. Without a password file the node makes a password, shown
this once and changed at the first login.`,
		Example: `  tongban staff add --login jiazi-daiban --name 代办员 --division 330523110200 --role village_worker
  tongban staff add --login gsj-ck --name 窗口 --division 330523 --department 市场监督管理局 --role department_window --initial-password-file pw`,
		Args: noArguments,
	}
	var request client.StaffRequest
	flags := cmd.Flags()
	flags.StringVar(&request.Login, "login", "", "登录名：小写字母、数字、. _ - (login name)")
	flags.StringVar(&request.Name, "name", "", "姓名 (name)")
	flags.StringVar(&request.Department, "department", "", "部门 (department)")
	flags.BoolVar(&request.NewDepartment, "new-department", false, "确是新设部门，目录和人员中都还没有 (the department is a new one, of no item and nobody yet)")
	place := flags.String("division", "", "区划 (division)")
	completeFlag(cmd, "division", completeDivisions)
	roles := flags.StringSlice("role", nil, "角色，可重复 (role; repeatable): "+joined(everyRole))
	key := keyFlag(cmd)
	file := flags.String("initial-password-file", "", "初始密码文件 (file with the initial password)")
	required(cmd, "login", "name", "division", "role")
	completeFlag(cmd, "role", completeWords(roleNames()...))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("division", *place)
		if err != nil {
			return err
		}
		request.Division, request.Roles = code, rolesOf(*roles)
		if *file != "" {
			if request.Password, err = passwordFromFile(*file, cmd.InOrStdin()); err != nil {
				return err
			}
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.AddStaff(cmd.Context(), &client.AddStaffParams{IdempotencyKey: *key}, request)
		}
		return uncertain(c, ask(cmd.Context(), c, send, func(w io.Writer, v *client.StaffCreated) {
			var s sheet
			s.line(c.pick("编号", "id"), v.Staff.Id)
			s.line(c.pick("登录名", "login"), v.Staff.Login)
			s.line(c.pick("初始密码", "password"), v.InitialPassword)
			s.write(w)
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
		}), *key)
	})
}

func staffRolesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "roles STAFF",
		Short:   "设置角色，取代原有的 (set a person's roles, instead of those there were)",
		Example: "  tongban staff roles jiazi-daiban --role village_worker\n  tongban staff roles jiazi-daiban --none",
		Args:    oneArgument("STAFF"),

		ValidArgsFunction: completeStaff,
	}
	roles := cmd.Flags().StringSlice("role", nil, "角色，可重复 (role; repeatable)")
	none := cmd.Flags().Bool("none", false, "不留任何角色 (no role at all)")
	completeFlag(cmd, "role", completeWords(roleNames()...))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *none == (len(*roles) > 0) {
			return usagef("请给出 --role，或用 --none (give --role, or --none)")
		}
		return recordStaff(cmd.Context(), c, args[0], c.api.SetStaffRoles, client.RolesRequest{Roles: rolesOf(*roles)})
	})
}

func staffDisableCommand(disable bool) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "enable STAFF",
		Short:   "恢复人员 (give a person's rights back)",
		Example: "  tongban staff enable jiazi-daiban --reason 返岗",
		Args:    oneArgument("STAFF"),

		ValidArgsFunction: completeStaff,
	}
	if disable {
		cmd.Use, cmd.Short = "disable STAFF", "停用人员，立即生效 (take all rights from a person at once)"
		cmd.Example = "  tongban staff disable jiazi-daiban --reason 离岗"
	}
	reason := cmd.Flags().String("reason", "", "原因 (why)")
	required(cmd, "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return recordStaff(cmd.Context(), c, args[0], c.api.DisableStaff, client.DisableRequest{Disabled: &disable, Reason: *reason})
	})
}

func staffResetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reset-password STAFF",
		Short:   "重置密码，下次登录须修改 (set a password that must be changed)",
		Example: "  tongban staff reset-password jiazi-daiban",
		Args:    oneArgument("STAFF"),

		ValidArgsFunction: completeStaff,
	}
	key := keyFlag(cmd)
	file := cmd.Flags().String("initial-password-file", "", "初始密码文件，默认由节点生成 (file with it; made by the node by default)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var request client.PasswordReset
		if *file != "" {
			var err error
			if request.Password, err = passwordFromFile(*file, cmd.InOrStdin()); err != nil {
				return err
			}
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		id, err := staffID(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.ResetStaffPassword(cmd.Context(), id, &client.ResetStaffPasswordParams{IdempotencyKey: *key}, request)
		}
		return uncertain(c, ask(cmd.Context(), c, send, func(w io.Writer, v *client.PasswordResetResult) {
			if v.InitialPassword != "" {
				fmt.Fprintln(w, clean(v.InitialPassword))
			}
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
		}), *key)
	})
}

func recordStaff[P, B any](ctx context.Context, c *connection, name string, send func(context.Context, string, *P, B, ...client.RequestEditorFn) (*http.Response, error), body B) error {
	id, err := staffID(ctx, c, name)
	if err != nil {
		return err
	}
	return c.record(ctx, func(ctx context.Context) (*http.Response, error) { return send(ctx, id, nil, body) })
}

// staffID is the id of a person named by id or by login. A name that is not in
// the list is sent as it is: the node says best that there is nobody.
func staffID(ctx context.Context, c *connection, name string) (string, error) {
	if err := c.loggedIn(ctx); err != nil {
		return "", err
	}
	a, err := answered[client.StaffList](c.api.ListStaff(ctx, &client.ListStaffParams{}))
	if err != nil {
		return "", err
	}
	id := name
	for _, s := range a.value.Staff {
		if s.Id == name {
			return name, nil
		}
		if s.Login == name {
			id = s.Id
		}
	}
	return id, nil
}

// everyRole is the roles a person can be given.
var everyRole = []identity.Role{
	identity.VillageWorker, identity.TownshipClerk, identity.TownshipReviewer, identity.TownshipLeader,
	identity.DepartmentWindow, identity.DepartmentReviewer, identity.DepartmentLeader,
	identity.FeeCounter, identity.Supervisor, identity.CountyOperator, identity.Auditor,
}

func roleNames() []string {
	names := make([]string, len(everyRole))
	for i, r := range everyRole {
		names[i] = string(r)
	}
	return names
}

func rolesOf(names []string) []identity.Role {
	roles := make([]identity.Role, len(names))
	for i, n := range names {
		roles[i] = identity.Role(n)
	}
	return roles
}

// completeFlag gives a flag its completion.
func completeFlag(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // a flag that was just misspelt above
	}
}
