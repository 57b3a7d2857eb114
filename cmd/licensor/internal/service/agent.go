package service

import (
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// AgentKeys returns the keys that an ssh-agent has, with their comments. An agent that is
// not there has none.
func AgentKeys(socket string) map[keys.PublicKey]string {
	agent, err := keyfile.DialAgent(socket)
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
