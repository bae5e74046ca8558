// Package nomad runs an app on a Nomad cluster. It has two parts:
//
//   - [Job] turns a plan into a Nomad job: one job for an app and one task group for each
//     stage, with as many allocations as the stage has containers. Each allocation runs the
//     app's program, with a command line for one container of its stage. Job is pure: the
//     same plan and [Config] give the same job.
//   - [Client] talks to a Nomad agent. It proposes and registers the job, follows its
//     deployment, and scales, stops and shows it.
//
// Package container/processes does the same for one machine. Nomad, however, keeps the job
// running when the program that has submitted it has ended. Records never pass through here.
package nomad
