// Package deepcopy stands in for github.com/tiendc/go-deepcopy, which excelize
// copies columns, rows and sheets with. That library looks methods up by name,
// and a program in which anything does so must keep every exported method of
// everything it links: a quarter of this one. Excelize only ever copies a value
// to another of the same type, which needs no methods.
package deepcopy

import (
	"fmt"
	"reflect"
)

// Copy makes what dst points to a copy of src, or of what src points to. The
// two share nothing but what unexported fields refer to. The types must be the
// same; if they are not, dst is left as it is.
func Copy(dst, src any) error {
	to, from := reflect.ValueOf(dst), reflect.Indirect(reflect.ValueOf(src))
	if to.Kind() != reflect.Pointer || to.IsNil() || !from.IsValid() {
		return fmt.Errorf("deepcopy: cannot copy %T to %T", src, dst)
	}
	if to.Elem().Type() != from.Type() {
		return fmt.Errorf("deepcopy: %s is not %s", from.Type(), to.Elem().Type())
	}
	to.Elem().Set(fresh(from))
	return nil
}

// fresh is a copy of v.
func fresh(v reflect.Value) reflect.Value {
	made := reflect.New(v.Type()).Elem()
	made.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			made.Set(reflect.New(v.Type().Elem()))
			made.Elem().Set(fresh(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			made.Set(fresh(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			made.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				made.Index(i).Set(fresh(v.Index(i)))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			made.Index(i).Set(fresh(v.Index(i)))
		}
	case reflect.Map:
		if !v.IsNil() {
			made.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for each := v.MapRange(); each.Next(); {
				made.SetMapIndex(fresh(each.Key()), fresh(each.Value()))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				made.Field(i).Set(fresh(v.Field(i)))
			}
		}
	}
	return made
}
