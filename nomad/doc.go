// Package nomad turns a plan into a Nomad job: one job for an app, one task group for a
// stage, with as many allocations as the stage has containers. Each of them is the app's
// program, with a command line that has it run one container of its stage.
//
// On the job's way it stands where package container/processes stands on one machine,
// with this difference: [Job] is pure. It says what is to run, and Nomad runs it without
// us. Records never come here.
package nomad
