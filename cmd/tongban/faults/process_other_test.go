//go:build !linux

package faults

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
