package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// agentSocket names the variable that leads to the running ssh-agent.
const agentSocket = "SSH_AUTH_SOCK"

func dialAgent(env *cli.Env) (*keyfile.Agent, error) {
	return keyfile.DialAgent(env.Getenv(agentSocket))
}

// AgentKeys returns the keys that the running ssh-agent has, with their comments. An
// agent that is not there has none.
func AgentKeys(env *cli.Env) map[keys.PublicKey]string {
	agent, err := dialAgent(env)
	if err != nil {
		return nil
	}
	defer agent.Close()
	held, err := agent.Keys()
	if err != nil {
		return nil
	}
	all := make(map[keys.PublicKey]string)
	for _, key := range held {
		all[key.PublicKey] = key.Comment
	}
	return all
}
