package privacy

import (
	"slices"
	"strings"

	"github.com/tongban/tongban/node/catalog"
)

// kind is how much of a form field's value is shown.
type kind int

const (
	hidden  kind = iota // nothing
	public              // all of it: the code of a legal person
	plain               // all of it, but for people who are named in it
	name                // the first character
	number              // an ID number: the last four
	phone               // the first three and last four
	address             // down to the village
	account             // the last four
)

// kindOf decides by the field's type and key. What is about health, a family's
// means, minors, marriage or adoption is hidden whatever its type.
func (v *Veil) kindOf(key string) kind {
	t := v.types[key]
	if t == "" || sensitive(key) {
		return hidden
	}
	switch t {
	case catalog.TypeUSCC:
		return public
	case catalog.TypeIDNumber:
		return number
	case catalog.TypePhone:
		return phone
	case catalog.TypeAddress:
		return address
	case catalog.TypeString:
		if key == "bank_account" || key == "account_no" {
			return account
		}
		if stem, named := strings.CutSuffix(key, "_name"); named && !slices.Contains(things, stem) {
			return name
		}
	}
	if known[key] {
		return plain
	}
	return hidden
}

// sensitive are the keys of what is never public, by how they begin.
func sensitive(key string) bool {
	return slices.ContainsFunc(never, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

var never = []string{
	"child", "minor", "student", "guardian", "father", "mother", // minors
	"disab", "disease", "medical_cost", "medical_record", "health", "care_", "injur", "death", "deceased", "birth", "expected_date", // health
	"family", "household_size", "hardship", "income", "asset", "self_paid", "requested_amount", // a family's means
	"marriage", "divorce", "adopt", "property_arrangement", // marriage and adoption
}

// things are the form keys that end in _name and name a thing or an
// organisation. A key that is not among them is taken to name a person.
var things = []string{
	"company", "shop", "standard", "project", "pipeline", "bank", "school", "activity", "chemical", "village",
	"hospital", "device", "clinic", "farm", "vessel", "plant", "river", "facility", "industry",
	"building", "road", "relic", "heritage",
}

// known are the keys that say what a matter is about and nothing about whoever
// applies. A key that is not among them is hidden.
var known = func() map[string]bool {
	keys := strings.Fields(`
		applicant_type apply_kind start_date end_date period_years project_code product_standard
		company_name shop_name standard_name project_name pipeline_name bank_name activity_name chemical_name village_name
		clinic_name farm_name vessel_name plant_name river_name facility_name industry_name building_name road_name relic_name heritage_name

		accounting_mode activity_kind animal_species archive_kind balloon_kind cancel_kind cancel_mode card_kind change_items class_kind
		coop_bank crop_types crossing_mode cycle delivery_mode device_kind device_type doc_kind drainage_kind explosive_type facility_kind
		facility_type food_items food_mode forest_kind fund_mode gas_kind grain_types guarantee_mode handle_kind heritage_kind industry_category
		invoice_limit land_use machine_type manage_level management_form medical_subject mine_type occupy_kind operation_type org_kind
		outlet_kind place_kind plan_kinds product_types protect_level purpose_kind rebuild_mode recycle_types reg_kind relic_level repair_class
		replace_mode sale_mode scope_kind seed_kind sell_mode service_kind service_mode service_scope shop_kind sport_kind station_level
		supply_kind supply_mode system_kind training_type troupe_type use_kind use_nature use_purpose voltage_level water_source

		annual_energy annual_output annual_power annual_volume area_mu balloon_count bed_count building_area building_height business_area
		capacity class_count cow_count cut_area cut_volume daily_capacity daily_discharge daily_volume dam_height dig_volume env_investment
		expected_people farmland_area floors grave_count group_size hall_count land_area load member_count mine_area participant_count
		planted_area plot_ratio population_served quantity registered_capital road_length room_count seat_count seats shelter_area staff_count
		storage_capacity storage_limit terminal_count total_investment total_weight tree_count units vehicle_count vet_count volume waste_amount

		completion_date delivery_date event_date factory_date put_in_use_date replant_date storage_start_date

		accuracy archive_period building_use current_use design_review_no food_category machine_item machine_model measure_range planned_use
		quantity_desc spec species storage_capacity_desc supply_area total_size tree_species vehicle_type waste_code water_area
		build_content business_scope departments org_purpose pollutants`)
	m := make(map[string]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}()
